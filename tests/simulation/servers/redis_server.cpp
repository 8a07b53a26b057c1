#include "tests/simulation/servers/redis_server.h"

#include <lua.hpp>
extern "C" {
#include <lua-cjson.h>
}

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace mm::simulation {

using storage::RedisCommand;
using storage::RedisReply;

namespace {

/// Address of this variable: the key of the server in Lua's registry.
char server_key = 0;

/// As in Redis, a script can neither read nor write a global name that does not exist.
constexpr const char* kProtectGlobals =
    "setmetatable(_G, {__index = function(_, name) error('global variable ' .. name .. ' does not exist') end,"
    " __newindex = function(_, name) error('a script writes the global variable ' .. name) end})";

void push(lua_State* lua, const RedisReply& reply) {
  luaL_checkstack(lua, 4, "reply");
  switch (reply.kind) {
    case RedisReply::Kind::nil: lua_pushboolean(lua, 0); return;
    case RedisReply::Kind::integer: lua_pushnumber(lua, static_cast<lua_Number>(reply.integer)); return;
    case RedisReply::Kind::text: lua_pushlstring(lua, reply.text.data(), reply.text.size()); return;
    case RedisReply::Kind::status:
    case RedisReply::Kind::error:
      lua_newtable(lua);
      lua_pushlstring(lua, reply.text.data(), reply.text.size());
      lua_setfield(lua, -2, reply.kind == RedisReply::Kind::status ? "ok" : "err");
      return;
    case RedisReply::Kind::array:
      lua_createtable(lua, static_cast<int>(reply.items.size()), 0);
      for (std::size_t i = 0; i < reply.items.size(); ++i) {
        push(lua, reply.items[i]);
        lua_rawseti(lua, -2, static_cast<int>(i) + 1);
      }
      return;
  }
}

std::string text_at(lua_State* lua, int index) {
  std::size_t length = 0;
  const char* text = lua_tolstring(lua, index, &length);
  return {text, length};
}

/// The value on the top of the stack as a reply.
RedisReply reply_of(lua_State* lua) {
  RedisReply reply;
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING:
      reply.kind = RedisReply::Kind::text;
      reply.text = text_at(lua, -1);
      break;
    case LUA_TNUMBER:
      reply.kind = RedisReply::Kind::integer;
      reply.integer = static_cast<std::int64_t>(lua_tonumber(lua, -1));
      break;
    case LUA_TBOOLEAN:
      if (lua_toboolean(lua, -1) == 0) break;
      reply.kind = RedisReply::Kind::integer;
      reply.integer = 1;
      break;
    case LUA_TTABLE: {
      for (const char* name : {"err", "ok"}) {
        lua_pushstring(lua, name);
        lua_rawget(lua, -2);
        if (lua_type(lua, -1) == LUA_TSTRING) {
          reply.kind = *name == 'e' ? RedisReply::Kind::error : RedisReply::Kind::status;
          reply.text = text_at(lua, -1);
          lua_pop(lua, 1);
          return reply;
        }
        lua_pop(lua, 1);
      }
      reply.kind = RedisReply::Kind::array;
      for (int i = 1;; ++i) {
        lua_rawgeti(lua, -1, i);
        if (lua_isnil(lua, -1)) break;
        reply.items.push_back(reply_of(lua));
        lua_pop(lua, 1);
      }
      lua_pop(lua, 1);
      break;
    }
    default: break;
  }
  return reply;
}

void set_global(lua_State* lua, const char* name, const storage::Arguments& values) {
  lua_pushstring(lua, name);
  lua_createtable(lua, static_cast<int>(values.size()), 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    lua_pushlstring(lua, values[i].data(), values[i].size());
    lua_rawseti(lua, -2, static_cast<int>(i) + 1);
  }
  lua_rawset(lua, LUA_GLOBALSINDEX);
}

/// The script, or the file of its name in the folder MM_SIMULATED_SCRIPTS, which has scripts with planted bugs.
std::string source_of(const storage::Script& script) {
  if (const char* folder = std::getenv("MM_SIMULATED_SCRIPTS")) {
    std::ifstream file(std::string(folder) + '/' + std::string(script.name()) + ".lua");
    if (file) return {std::istreambuf_iterator<char>(file), {}};
  }
  return std::string(script.source());
}

int status_reply(lua_State* lua) {
  lua_newtable(lua);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "ok");
  return 1;
}
int error_reply(lua_State* lua) {
  lua_newtable(lua);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "err");
  return 1;
}

}  // namespace

RedisServer::RedisServer(std::function<std::int64_t()> wall) : keyspace_(std::move(wall)), lua_(luaL_newstate()) {
  check(lua_ != nullptr, "no memory for Lua");
  luaL_openlibs(lua_);
  lua_pushlightuserdata(lua_, &server_key);
  lua_pushlightuserdata(lua_, this);
  lua_rawset(lua_, LUA_REGISTRYINDEX);
  lua_newtable(lua_);
  const std::pair<const char*, lua_CFunction> functions[] = {{"call", &RedisServer::call},
                                                             {"pcall", &RedisServer::protected_call},
                                                             {"status_reply", &status_reply},
                                                             {"error_reply", &error_reply}};
  for (const auto& [name, function] : functions) {
    lua_pushcfunction(lua_, function);
    lua_setfield(lua_, -2, name);
  }
  lua_setglobal(lua_, "redis");
  luaopen_cjson(lua_);
  lua_setglobal(lua_, "cjson");
  check(luaL_dostring(lua_, kProtectGlobals) == 0, "Lua refuses the protection of globals");
}

RedisServer::~RedisServer() { lua_close(lua_); }

RedisReply RedisServer::execute(const RedisCommand& command) {
  return command.script == nullptr ? keyspace_.run(command.arguments) : eval(command);
}

RedisReply RedisServer::eval(const RedisCommand& command) {
  auto [compiled, fresh] = compiled_.try_emplace(command.script, 0);
  if (fresh) {
    // Redis reads the first line itself. The other lines keep their numbers.
    auto source = source_of(*command.script);
    if (source.starts_with("#!")) source.replace(0, 2, "--");
    const auto name = "@" + std::string(command.script->name());
    if (luaL_loadbuffer(lua_, source.data(), source.size(), name.c_str()) != 0)
      throw std::logic_error(text_at(lua_, -1));
    compiled->second = luaL_ref(lua_, LUA_REGISTRYINDEX);
  }
  set_global(lua_, "KEYS", command.keys);
  set_global(lua_, "ARGV", command.arguments);
  lua_rawgeti(lua_, LUA_REGISTRYINDEX, compiled->second);
  const bool failed = lua_pcall(lua_, 0, 1, 0) != 0;
  RedisReply reply;
  if (failed && lua_type(lua_, -1) == LUA_TSTRING) {
    reply.kind = RedisReply::Kind::error;
    reply.text = "ERR " + text_at(lua_, -1);
  } else {
    reply = reply_of(lua_);
  }
  lua_settop(lua_, 0);
  return reply;
}

/// Runs the command on Lua's stack. Returns false if an argument is neither text nor a number.
bool RedisServer::call_from_lua() {
  arguments_.clear();
  const int count = lua_gettop(lua_);
  for (int i = 1; i <= count; ++i) {
    if (lua_type(lua_, i) == LUA_TNUMBER) {
      char text[64];
      std::snprintf(text, sizeof text, "%.17g", lua_tonumber(lua_, i));
      arguments_.emplace_back(text);
    } else if (lua_type(lua_, i) == LUA_TSTRING) {
      arguments_.push_back(text_at(lua_, i));
    } else {
      return false;
    }
  }
  try {
    reply_ = keyspace_.run(arguments_);
  } catch (const std::exception& error) {
    reply_ = {};
    reply_.kind = RedisReply::Kind::error;
    reply_.text = error.what();
  }
  return true;
}

int RedisServer::call(lua_State* lua) {
  const int results = protected_call(lua);
  const auto& reply = [lua]() -> RedisReply& {
    lua_pushlightuserdata(lua, &server_key);
    lua_rawget(lua, LUA_REGISTRYINDEX);
    auto* server = static_cast<RedisServer*>(lua_touserdata(lua, -1));
    lua_pop(lua, 1);
    return server->reply_;
  }();
  return reply.kind == RedisReply::Kind::error ? lua_error(lua) : results;
}

int RedisServer::protected_call(lua_State* lua) {
  lua_pushlightuserdata(lua, &server_key);
  lua_rawget(lua, LUA_REGISTRYINDEX);
  auto* server = static_cast<RedisServer*>(lua_touserdata(lua, -1));
  lua_pop(lua, 1);
  if (!server->call_from_lua()) return luaL_error(lua, "an argument of a command is neither a string nor a number");
  push(lua, server->reply_);
  return 1;
}

}  // namespace mm::simulation
