// Error codes and the Problem type. Every error that a daemon or the gateway returns is a Problem (RFC 9457) with one
// of these codes. The list is closed; clients branch on `code`, never on text.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/id.h"
#include "common/base/result.h"
#include "common/contracts/fields.h"

namespace mm {

enum class Code {
  malformed_request,
  unauthorized,
  invalid_credentials,
  invalid_refresh_token,
  invalid_server_token,
  forbidden,
  not_leader,
  not_member,
  kicked,
  origin_not_allowed,
  not_found,
  no_party,
  no_match,
  not_queued,
  unknown_season,
  method_not_allowed,
  request_timeout,
  username_taken,
  email_taken,
  already_in_party,
  party_full,
  party_in_queue,
  party_in_match,
  party_changed,
  not_all_ready,
  member_absent,
  too_many_invites,
  already_queued,
  already_matched,
  in_match,
  in_party,
  ticket_conflict,
  ticket_expired,
  challenge_closed,
  result_conflict,
  match_over,
  idempotency_running,
  payload_too_large,
  uri_too_long,
  unsupported_media_type,
  misdirected_request,
  invalid_fields,
  unknown_tenant,
  unknown_mode,
  invalid_team_size,
  party_too_large,
  party_spread_too_wide,
  no_playable_region,
  idempotency_mismatch,
  headers_too_large,
  rate_limited,
  internal_error,
  unavailable,
  queue_full,
  no_capacity,
  not_ready_yet,
  deadline_exceeded,
};

struct CodeInfo {
  Code code;
  std::string_view name;
  int status;
  std::string_view title;
};

/// One row per Code, in the order of the enum: name on the wire, HTTP status, title.
inline constexpr std::array kCodes{
    CodeInfo{Code::malformed_request, "malformed_request", 400, "The request cannot be parsed"},
    CodeInfo{Code::unauthorized, "unauthorized", 401, "A valid access token is needed"},
    CodeInfo{Code::invalid_credentials, "invalid_credentials", 401, "Unknown user or wrong password"},
    CodeInfo{Code::invalid_refresh_token, "invalid_refresh_token", 401, "The refresh token is not accepted"},
    CodeInfo{Code::invalid_server_token, "invalid_server_token", 401, "The server token is not accepted"},
    CodeInfo{Code::forbidden, "forbidden", 403, "Not allowed for this caller"},
    CodeInfo{Code::not_leader, "not_leader", 403, "Only the party's leader may do this"},
    CodeInfo{Code::not_member, "not_member", 403, "Only members of the party may do this"},
    CodeInfo{Code::kicked, "kicked", 403, "The player was removed from the party a short time ago"},
    CodeInfo{Code::origin_not_allowed, "origin_not_allowed", 403, "This origin may not use the gateway"},
    CodeInfo{Code::not_found, "not_found", 404, "Not found, or not visible to the caller"},
    CodeInfo{Code::no_party, "no_party", 404, "The player is in no party"},
    CodeInfo{Code::no_match, "no_match", 404, "The player is in no match"},
    CodeInfo{Code::not_queued, "not_queued", 404, "There is no ticket in the queue"},
    CodeInfo{Code::unknown_season, "unknown_season", 404, "There is no such season"},
    CodeInfo{Code::method_not_allowed, "method_not_allowed", 405, "The path does not support this method"},
    CodeInfo{Code::request_timeout, "request_timeout", 408, "The request did not arrive in time"},
    CodeInfo{Code::username_taken, "username_taken", 409, "The username is taken"},
    CodeInfo{Code::email_taken, "email_taken", 409, "The e-mail address is taken"},
    CodeInfo{Code::already_in_party, "already_in_party", 409, "The player is in a party already"},
    CodeInfo{Code::party_full, "party_full", 409, "The party is full"},
    CodeInfo{Code::party_in_queue, "party_in_queue", 409, "The party is in the queue"},
    CodeInfo{Code::party_in_match, "party_in_match", 409, "The party is in a match"},
    CodeInfo{Code::party_changed, "party_changed", 409, "The party has changed in the meantime"},
    CodeInfo{Code::not_all_ready, "not_all_ready", 409, "Not every member is ready"},
    CodeInfo{Code::member_absent, "member_absent", 409, "A member has lost the connection"},
    CodeInfo{Code::too_many_invites, "too_many_invites", 409, "Too many invitations are open"},
    CodeInfo{Code::already_queued, "already_queued", 409, "A player is queued already"},
    CodeInfo{Code::already_matched, "already_matched", 409, "The ticket is in a match already"},
    CodeInfo{Code::in_match, "in_match", 409, "A player is in a match"},
    CodeInfo{Code::in_party, "in_party", 409, "Only the leader of the party may queue its players"},
    CodeInfo{Code::ticket_conflict, "ticket_conflict", 409, "The ticket id belongs to another request"},
    CodeInfo{Code::ticket_expired, "ticket_expired", 409, "The ticket id was issued too long ago"},
    CodeInfo{Code::challenge_closed, "challenge_closed", 409, "The challenge is no longer open"},
    CodeInfo{Code::result_conflict, "result_conflict", 409, "Another result was reported for this match"},
    CodeInfo{Code::match_over, "match_over", 409, "The match has ended"},
    CodeInfo{Code::idempotency_running, "idempotency_running", 409, "The first request with this key is still running"},
    CodeInfo{Code::payload_too_large, "payload_too_large", 413, "The body is too large"},
    CodeInfo{Code::uri_too_long, "uri_too_long", 414, "The request target is too long"},
    CodeInfo{Code::unsupported_media_type, "unsupported_media_type", 415, "Send application/json"},
    CodeInfo{Code::misdirected_request, "misdirected_request", 421, "This host is not served here"},
    CodeInfo{Code::invalid_fields, "invalid_fields", 422, "Some fields are not valid"},
    CodeInfo{Code::unknown_tenant, "unknown_tenant", 422, "There is no such tenant"},
    CodeInfo{Code::unknown_mode, "unknown_mode", 422, "There is no such mode"},
    CodeInfo{Code::invalid_team_size, "invalid_team_size", 422, "The mode has no such team size"},
    CodeInfo{Code::party_too_large, "party_too_large", 422, "The party does not fit into a team"},
    CodeInfo{Code::party_spread_too_wide, "party_spread_too_wide", 422, "The ratings in the party differ too much"},
    CodeInfo{Code::no_playable_region, "no_playable_region", 422, "No region is near enough"},
    CodeInfo{Code::idempotency_mismatch, "idempotency_mismatch", 422, "The key was used with another request"},
    CodeInfo{Code::headers_too_large, "headers_too_large", 431, "The header fields are too large"},
    CodeInfo{Code::rate_limited, "rate_limited", 429, "Too many requests"},
    CodeInfo{Code::internal_error, "internal_error", 500, "Internal error"},
    CodeInfo{Code::unavailable, "unavailable", 503, "A part of the service is not available"},
    CodeInfo{Code::queue_full, "queue_full", 503, "The queue is full"},
    CodeInfo{Code::no_capacity, "no_capacity", 503, "No game server is free"},
    CodeInfo{Code::not_ready_yet, "not_ready_yet", 503, "The match is still being set up"},
    CodeInfo{Code::deadline_exceeded, "deadline_exceeded", 503, "The answer did not come in time"},
};

constexpr const CodeInfo& info(Code code) { return kCodes[static_cast<std::size_t>(code)]; }

/// The code with this name. An unknown name (from a newer daemon) becomes internal_error.
constexpr Code code_named(std::string_view name) {
  for (const auto& entry : kCodes) {
    if (entry.name == name) return entry.code;
  }
  return Code::internal_error;
}

/// One wrong field: its place (a JSON pointer, RFC 6901) and the reason.
struct FieldError {
  std::string pointer;
  std::string detail;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

template <class F>
void describe(F& f, FieldError& m) {
  f("pointer", m.pointer);
  f("detail", m.detail);
}

/// An error answer. On the wire, `type`, `title` and `status` follow from `code`, and the sender adds `trace_id`.
struct Problem {
  Code code = Code::internal_error;
  /// An explanation for people. It never contains host names, SQL, versions or secrets.
  std::string detail;
  std::vector<FieldError> errors;
  /// With 429, 503 and idempotency_running: the number of seconds after which a retry makes sense.
  std::optional<int> retry_after_seconds;
  /// With already_queued: the ticket that is in the queue.
  std::optional<TicketId> ticket_id;
  /// The player who caused the refusal. If several did (all are listed in `errors`), the first of them.
  std::optional<PlayerId> player_id = {};

  int status() const { return info(code).status; }
};

/// The answer to a request: the answer message or a Problem.
template <class T>
using Reply = Result<T, Problem>;

inline Failure<Problem> refuse(Code code, std::string detail = {}) {
  Problem problem;
  problem.code = code;
  problem.detail = std::move(detail);
  if (info(code).status == 503) problem.retry_after_seconds = 1;
  return {std::move(problem)};
}

/// A refusal that was caused by these players. `detail` applies to each of them.
inline Failure<Problem> refuse_for(Code code, const std::vector<PlayerId>& players, std::string detail) {
  auto refusal = refuse(code, detail);
  if (!players.empty()) refusal.error.player_id = players.front();
  for (const auto& player : players) refusal.error.errors.push_back({"/members/" + player.to_string(), detail});
  return refusal;
}

inline Failure<Problem> refuse_field(std::string pointer, std::string detail, Code code = Code::invalid_fields) {
  Problem problem;
  problem.code = code;
  problem.detail = detail;
  problem.errors.push_back({std::move(pointer), std::move(detail)});
  return {std::move(problem)};
}

}  // namespace mm
