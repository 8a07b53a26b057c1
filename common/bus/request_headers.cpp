#include "common/bus/request_headers.h"

#include <algorithm>
#include <charconv>

namespace mm::bus {
namespace {

Failure<Problem> wrong(const char* header, std::string detail) {
  return refuse_field("/headers/" + std::string(header), "the header " + std::string(header) + " " + std::move(detail));
}

Reply<Milliseconds> read_budget(std::string_view text) {
  if (text.empty()) return limits::kRequestTimeout;
  std::int64_t ms = 0;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return wrong(headers::kDeadline, "must be a whole number of milliseconds");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc{}) return limits::kMaxRequestTimeout;
  // A deadline of 0 is a mistake of the caller: without time left it would not send a request, and it would get no
  // answer.
  if (ms == 0) return wrong(headers::kDeadline, "must be at least 1");
  return std::min(Milliseconds(ms), limits::kMaxRequestTimeout);
}

template <class T>
Reply<std::optional<T>> read_id(natsMsg* message, const char* header) {
  const auto text = header_of(message, header);
  if (text.empty()) return std::optional<T>();
  const auto id = T::parse(text);
  if (!id) return wrong(header, "must be a UUID in lower case with hyphens");
  return std::optional<T>(*id);
}

// Without a role header, a request that names a player or a match has only the rights of that player or match.
Reply<Role> read_role(std::string_view text, const Caller& caller) {
  auto role = Role::service;
  if (text.empty()) {
    if (caller.player) role = Role::player;
    else if (caller.match) role = Role::server;
  } else if (const auto named = enum_named<Role>(text)) {
    role = *named;
  } else {
    return wrong(headers::kRole, "must be one of player, server, admin, service");
  }
  if (role == Role::player && !caller.player) return wrong(headers::kPlayer, "is missing for the role player");
  if (role == Role::server && !caller.match) return wrong(headers::kMatch, "is missing for the role server");
  return role;
}

Reply<Caller> read_caller(natsMsg* message) {
  Caller caller;
  if (const auto text = header_of(message, headers::kTenant); !text.empty()) {
    const auto tenant = Tenant::parse(text);
    if (!tenant) return wrong(headers::kTenant, "must match " + std::string(Tenant::kPattern));
    caller.tenant = *tenant;
  }
  auto player = read_id<PlayerId>(message, headers::kPlayer);
  if (!player) return fail(std::move(player).error());
  caller.player = *player;
  auto match = read_id<MatchId>(message, headers::kMatch);
  if (!match) return fail(std::move(match).error());
  caller.match = *match;
  auto role = read_role(header_of(message, headers::kRole), caller);
  if (!role) return fail(std::move(role).error());
  caller.role = *role;
  return caller;
}

}  // namespace

HeaderList headers_of(const Caller& caller, Deadline deadline, const trace::Context& trace) {
  HeaderList list;
  list.reserve(6);
  list.emplace_back(headers::kDeadline, std::to_string(std::max<std::int64_t>(1, deadline.remaining().count())));
  list.emplace_back(headers::kTenant, caller.tenant.str());
  if (caller.role != Role::service) list.emplace_back(headers::kRole, text_of(caller.role));
  if (caller.player) list.emplace_back(headers::kPlayer, caller.player->to_string());
  if (caller.match) list.emplace_back(headers::kMatch, caller.match->to_string());
  if (!trace.none()) list.emplace_back(headers::kTraceparent, trace.traceparent());
  return list;
}

Reply<Context> read_headers(natsMsg* message, SteadyPoint received) {
  Context context;
  // nats.c parses the header block at the first access. A request with a malformed block is refused.
  const char* unused = nullptr;
  const auto status = natsMsgHeader_Get(message, headers::kTraceparent, &unused);
  if (status != NATS_OK && status != NATS_NOT_FOUND)
    return refuse(Code::malformed_request, "the headers cannot be parsed");

  const auto parent = trace::parse_traceparent(header_of(message, headers::kTraceparent));
  context.trace = parent ? trace::child_of(*parent) : trace::new_trace();
  const auto budget = read_budget(header_of(message, headers::kDeadline));
  if (!budget) return fail(budget.error());
  context.deadline = Deadline::at(received + *budget);
  auto caller = read_caller(message);
  if (!caller) return fail(std::move(caller).error());
  context.caller = std::move(*caller);
  return context;
}

}  // namespace mm::bus
