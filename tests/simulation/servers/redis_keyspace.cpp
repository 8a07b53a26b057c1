#include "tests/simulation/servers/redis_keyspace.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <vector>

namespace mm::simulation {

using storage::Arguments;
using storage::RedisReply;

namespace {

using Kind = RedisReply::Kind;

RedisReply integer(std::int64_t value) {
  RedisReply reply;
  reply.kind = Kind::integer;
  reply.integer = value;
  return reply;
}
RedisReply integer(std::size_t value) { return integer(static_cast<std::int64_t>(value)); }
RedisReply text(std::string value) {
  RedisReply reply;
  reply.kind = Kind::text;
  reply.text = std::move(value);
  return reply;
}
RedisReply status(std::string value) {
  auto reply = text(std::move(value));
  reply.kind = Kind::status;
  return reply;
}
RedisReply error(std::string value) {
  auto reply = text(std::move(value));
  reply.kind = Kind::error;
  return reply;
}
RedisReply array(std::vector<RedisReply> items = {}) {
  RedisReply reply;
  reply.kind = Kind::array;
  reply.items = std::move(items);
  return reply;
}

bool integer_in(const std::string& value, std::int64_t& out) {
  const auto* const end = value.data() + value.size();
  const auto [stop, failed] = std::from_chars(value.data(), end, out);
  return failed == std::errc{} && stop == end;
}

/// A bound of a range of scores: "5", "(5", "-inf", "+inf".
struct Bound {
  double score = 0;
  bool open = false;
};
Bound bound_of(std::string value) {
  Bound bound;
  if (value.starts_with("(")) {
    bound.open = true;
    value.erase(0, 1);
  }
  if (value == "+inf") bound.score = std::numeric_limits<double>::infinity();
  else if (value == "-inf") bound.score = -std::numeric_limits<double>::infinity();
  else bound.score = std::strtod(value.c_str(), nullptr);
  return bound;
}

/// First and one past the last index of a range with Redis's negative indexes.
std::pair<std::size_t, std::size_t> index_range(const std::string& first, const std::string& last, std::size_t size) {
  std::int64_t from = std::strtoll(first.c_str(), nullptr, 10);
  std::int64_t to = std::strtoll(last.c_str(), nullptr, 10);
  const auto count = static_cast<std::int64_t>(size);
  if (from < 0) from = std::max<std::int64_t>(0, from + count);
  if (to < 0) to += count;
  to = std::min(to, count - 1);
  if (from > to) return {0, 0};
  return {static_cast<std::size_t>(from), static_cast<std::size_t>(to) + 1};
}

}  // namespace

std::string score_text(double score) {
  char out[40];
  if (score == std::floor(score) && std::fabs(score) < 1e17) std::snprintf(out, sizeof out, "%.0f", score);
  else std::snprintf(out, sizeof out, "%.17g", score);
  return out;
}

struct RedisCommands {
  RedisKeyspace& keyspace;
  const Arguments& a;  // of the command

  template <class T>
  const T& read() const {
    static const T kNone{};
    const auto found = keyspace.values_.find(a[1]);
    if (found == keyspace.values_.end()) return kNone;
    return held<T>(found->second);
  }
  template <class T>
  T& write() {
    const auto [at, fresh] = keyspace.values_.try_emplace(a[1], T{});
    (void)fresh;
    return const_cast<T&>(held<T>(at->second));
  }
  template <class T>
  static const T& held(const Value& value) {
    const auto* typed = std::get_if<T>(&value);
    if (typed == nullptr) throw std::logic_error("WRONGTYPE");
    return *typed;
  }
  template <class T>
  void drop_if_empty(const T& value) {
    if (value.empty()) keyspace.values_.erase(a[1]);
  }
  RedisReply field(const std::string& name) const {
    const auto& hash = read<Hash>();
    const auto found = hash.find(name);
    return found == hash.end() ? RedisReply{} : text(found->second);
  }

  RedisReply ping() { return status("PONG"); }
  RedisReply time() {
    const auto now = keyspace.wall_();
    return array({text(std::to_string(now / 1'000'000)), text(std::to_string(now % 1'000'000))});
  }
  /// Only the section `server`, and of it only what the scripts read.
  RedisReply info() {
    if (a[1] != "server") throw std::logic_error("INFO of another section than server: " + a[1]);
    return text("# Server\r\nrun_id:" + keyspace.run_id() + "\r\n");
  }
  RedisReply config() {
    const auto& name = a[2];
    const std::string value = name == "maxmemory-policy" ? "noeviction" : name == "appendfsync" ? "always" : "yes";
    return array({text(name), text(value)});
  }
  RedisReply get() {
    const auto found = keyspace.values_.find(a[1]);
    return found == keyspace.values_.end() ? RedisReply{} : text(held<std::string>(found->second));
  }
  RedisReply mget() {
    auto reply = array();
    for (std::size_t i = 1; i < a.size(); ++i) {
      const auto found = keyspace.values_.find(a[i]);
      const auto* value = found == keyspace.values_.end() ? nullptr : std::get_if<std::string>(&found->second);
      reply.items.push_back(value == nullptr ? RedisReply{} : text(*value));
    }
    return reply;
  }
  RedisReply set() {
    keyspace.values_[a[1]] = a[2];
    return status("OK");
  }
  RedisReply incr() {
    std::int64_t number = 0;
    auto& value = write<std::string>();
    if (!value.empty() && !integer_in(value, number)) return error("ERR value is not an integer or out of range");
    value = std::to_string(++number);
    return integer(number);
  }
  RedisReply del() {
    std::size_t deleted = 0;
    for (std::size_t i = 1; i < a.size(); ++i) deleted += keyspace.values_.erase(a[i]);
    return integer(deleted);
  }
  RedisReply exists() {
    std::size_t found = 0;
    for (std::size_t i = 1; i < a.size(); ++i) found += keyspace.values_.contains(a[i]) ? 1U : 0U;
    return integer(found);
  }
  RedisReply expire() { return integer(exists().integer); }

  RedisReply hget() { return field(a[2]); }
  RedisReply hmget() {
    auto reply = array();
    for (std::size_t i = 2; i < a.size(); ++i) reply.items.push_back(field(a[i]));
    return reply;
  }
  RedisReply hset() {
    if (a.size() % 2 != 0) return error("ERR wrong number of arguments for 'hset' command");
    auto& hash = write<Hash>();
    std::size_t fresh = 0;
    for (std::size_t i = 2; i + 1 < a.size(); i += 2) fresh += hash.insert_or_assign(a[i], a[i + 1]).second ? 1U : 0U;
    return integer(fresh);
  }
  RedisReply hdel() {
    auto& hash = write<Hash>();
    std::size_t gone = 0;
    for (std::size_t i = 2; i < a.size(); ++i) gone += hash.erase(a[i]);
    drop_if_empty(hash);
    return integer(gone);
  }
  RedisReply hexists() { return integer(read<Hash>().count(a[2])); }
  RedisReply hlen() { return integer(read<Hash>().size()); }
  RedisReply hkeys() {
    auto reply = array();
    for (const auto& [name, value] : read<Hash>()) reply.items.push_back(text(name));
    return reply;
  }
  RedisReply hgetall() {
    auto reply = array();
    for (const auto& [name, value] : read<Hash>()) {
      reply.items.push_back(text(name));
      reply.items.push_back(text(value));
    }
    return reply;
  }
  RedisReply hincrby() {
    auto& hash = write<Hash>();
    std::int64_t number = 0;
    std::int64_t by = 0;
    const auto found = hash.find(a[2]);
    if (found != hash.end() && !integer_in(found->second, number)) return error("ERR hash value is not an integer");
    if (!integer_in(a[3], by)) return error("ERR value is not an integer or out of range");
    hash[a[2]] = std::to_string(number + by);
    return integer(number + by);
  }
  RedisReply hscan() {
    auto all = hgetall();
    return array({text("0"), std::move(all)});
  }

  RedisReply sadd() {
    auto& set = write<Set>();
    std::size_t fresh = 0;
    for (std::size_t i = 2; i < a.size(); ++i) fresh += set.insert(a[i]).second ? 1U : 0U;
    return integer(fresh);
  }
  RedisReply srem() {
    auto& set = write<Set>();
    std::size_t gone = 0;
    for (std::size_t i = 2; i < a.size(); ++i) gone += set.erase(a[i]);
    drop_if_empty(set);
    return integer(gone);
  }
  RedisReply scard() { return integer(read<Set>().size()); }
  RedisReply smembers() {
    auto reply = array();
    for (const auto& member : read<Set>()) reply.items.push_back(text(member));
    return reply;
  }
  RedisReply smismember() {
    auto reply = array();
    for (std::size_t i = 2; i < a.size(); ++i) reply.items.push_back(integer(read<Set>().count(a[i])));
    return reply;
  }

  RedisReply rpush() {
    auto& list = write<List>();
    list.insert(list.end(), a.begin() + 2, a.end());
    return integer(list.size());
  }
  RedisReply lpop() {
    auto& list = write<List>();
    if (a.size() == 2) {
      if (list.empty()) return drop_if_empty(list), RedisReply{};
      auto reply = text(list.front());
      list.pop_front();
      drop_if_empty(list);
      return reply;
    }
    const auto count = std::min(list.size(), static_cast<std::size_t>(std::strtoull(a[2].c_str(), nullptr, 10)));
    if (list.empty()) return drop_if_empty(list), RedisReply{};
    auto reply = array();
    for (std::size_t i = 0; i < count; ++i) {
      reply.items.push_back(text(list.front()));
      list.pop_front();
    }
    drop_if_empty(list);
    return reply;
  }
  RedisReply llen() { return integer(read<List>().size()); }
  RedisReply lindex() {
    const auto& list = read<List>();
    const auto [from, to] = index_range(a[2], a[2], list.size());
    return from == to ? RedisReply{} : text(list[from]);
  }
  RedisReply lrange() {
    const auto& list = read<List>();
    const auto [from, to] = index_range(a[2], a[3], list.size());
    auto reply = array();
    for (auto i = from; i < to; ++i) reply.items.push_back(text(list[i]));
    return reply;
  }
  RedisReply lrem() {
    if (a[2] != "1") throw std::logic_error("LREM with a count other than 1");
    auto& list = write<List>();
    const auto found = std::find(list.begin(), list.end(), a[3]);
    const bool there = found != list.end();
    if (there) list.erase(found);
    drop_if_empty(list);
    return integer(std::int64_t{there});
  }

  RedisReply zadd() {
    std::size_t at = 2;
    bool only_known = false;
    bool only_fresh = false;
    for (; a[at] == "XX" || a[at] == "NX"; ++at) (a[at] == "XX" ? only_known : only_fresh) = true;
    auto& set = write<SortedSet>();
    std::size_t added = 0;
    for (; at + 1 < a.size(); at += 2) {
      const double score = std::strtod(a[at].c_str(), nullptr);
      const auto found = set.scores.find(a[at + 1]);
      if (found == set.scores.end() ? only_known : only_fresh) continue;
      if (found != set.scores.end()) set.order.erase({found->second, a[at + 1]});
      else ++added;
      set.scores[a[at + 1]] = score;
      set.order.emplace(score, a[at + 1]);
    }
    drop_if_empty(set.scores);
    return integer(added);
  }
  RedisReply zrem() {
    auto& set = write<SortedSet>();
    std::size_t gone = 0;
    for (std::size_t i = 2; i < a.size(); ++i) {
      const auto found = set.scores.find(a[i]);
      if (found == set.scores.end()) continue;
      set.order.erase({found->second, a[i]});
      set.scores.erase(found);
      ++gone;
    }
    drop_if_empty(set.scores);
    return integer(gone);
  }
  RedisReply zcard() { return integer(read<SortedSet>().scores.size()); }
  RedisReply zscore() {
    const auto& set = read<SortedSet>();
    const auto found = set.scores.find(a[2]);
    return found == set.scores.end() ? RedisReply{} : text(score_text(found->second));
  }
  std::vector<std::pair<double, std::string>> by_score(const Bound& low, const Bound& high) const {
    std::vector<std::pair<double, std::string>> found;
    for (const auto& entry : read<SortedSet>().order) {
      const bool above = low.open ? entry.first > low.score : entry.first >= low.score;
      const bool below = high.open ? entry.first < high.score : entry.first <= high.score;
      if (above && below) found.push_back(entry);
    }
    return found;
  }
  RedisReply zcount() { return integer(by_score(bound_of(a[2]), bound_of(a[3])).size()); }
  RedisReply zrange() {
    std::vector<std::pair<double, std::string>> entries;
    bool with_scores = false;
    bool is_by_score = false;
    std::size_t skip = 0;
    std::size_t most = std::numeric_limits<std::size_t>::max();
    for (std::size_t i = 4; i < a.size(); ++i) {
      if (a[i] == "WITHSCORES") with_scores = true;
      else if (a[i] == "BYSCORE") is_by_score = true;
      else if (a[i] == "LIMIT") {
        skip = std::strtoull(a[i + 1].c_str(), nullptr, 10);
        most = std::strtoull(a[i + 2].c_str(), nullptr, 10);
        i += 2;
      } else throw std::logic_error("unknown option of ZRANGE: " + a[i]);
    }
    if (is_by_score) {
      entries = by_score(bound_of(a[2]), bound_of(a[3]));
    } else {
      const auto& order = read<SortedSet>().order;
      const auto [from, to] = index_range(a[2], a[3], order.size());
      std::size_t i = 0;
      for (const auto& entry : order) {
        if (i >= from && i < to) entries.push_back(entry);
        ++i;
      }
    }
    auto reply = array();
    for (std::size_t i = skip; i < entries.size() && i - skip < most; ++i) {
      reply.items.push_back(text(entries[i].second));
      if (with_scores) reply.items.push_back(text(score_text(entries[i].first)));
    }
    return reply;
  }
};

std::string RedisKeyspace::run_id() const {
  char run[41];
  std::snprintf(run, sizeof run, "%040llx", static_cast<unsigned long long>(run_));
  return run;
}

RedisReply RedisKeyspace::run(const Arguments& command) {
  using Run = RedisReply (RedisCommands::*)();
  using C = RedisCommands;
  struct Known {
    Run run;
    std::size_t arguments;  // at least, with the name
  };
  static const std::map<std::string, Known, std::less<>> kKnown{
      {"PING", {&C::ping, 1}},     {"TIME", {&C::time, 1}},         {"CONFIG", {&C::config, 3}},
      {"INFO", {&C::info, 2}},     {"GET", {&C::get, 2}},           {"MGET", {&C::mget, 2}},
      {"SET", {&C::set, 3}},       {"INCR", {&C::incr, 2}},         {"DEL", {&C::del, 2}},
      {"UNLINK", {&C::del, 2}},    {"EXISTS", {&C::exists, 2}},     {"EXPIRE", {&C::expire, 3}},
      {"HGET", {&C::hget, 3}},     {"HMGET", {&C::hmget, 3}},       {"HSET", {&C::hset, 4}},
      {"HDEL", {&C::hdel, 3}},     {"HEXISTS", {&C::hexists, 3}},   {"HLEN", {&C::hlen, 2}},
      {"HKEYS", {&C::hkeys, 2}},   {"HGETALL", {&C::hgetall, 2}},   {"HINCRBY", {&C::hincrby, 4}},
      {"HSCAN", {&C::hscan, 3}},   {"SADD", {&C::sadd, 3}},         {"SREM", {&C::srem, 3}},
      {"SCARD", {&C::scard, 2}},   {"SMEMBERS", {&C::smembers, 2}}, {"SMISMEMBER", {&C::smismember, 3}},
      {"RPUSH", {&C::rpush, 3}},   {"LPOP", {&C::lpop, 2}},         {"LLEN", {&C::llen, 2}},
      {"LINDEX", {&C::lindex, 3}}, {"LRANGE", {&C::lrange, 4}},     {"LREM", {&C::lrem, 4}},
      {"ZADD", {&C::zadd, 4}},     {"ZREM", {&C::zrem, 3}},         {"ZCARD", {&C::zcard, 2}},
      {"ZSCORE", {&C::zscore, 3}}, {"ZCOUNT", {&C::zcount, 4}},     {"ZRANGE", {&C::zrange, 4}},
  };
  const auto found = kKnown.find(command.empty() ? std::string() : command[0]);
  if (found == kKnown.end()) {
    throw std::logic_error("the simulated Redis has no command " + (command.empty() ? "" : command[0]));
  }
  if (command.size() < found->second.arguments) return error("ERR wrong number of arguments for '" + command[0] + "'");
  RedisCommands commands{*this, command};
  return (commands.*found->second.run)();
}

}  // namespace mm::simulation
