#include "services/gateway/docs/advice.h"

namespace mm::gateway::docs {
namespace {

std::string_view advice_for_credentials(Code code) {
  if (code == Code::unauthorized) {
    return "Send `Authorization: Bearer <access_token>`. When the token has expired (after 15 minutes), get a new pair with "
           "POST /v1/auth/refresh; when that is refused too, the player logs in again.";
  }
  if (code == Code::invalid_credentials) {
    return "Ask the player for user name and password again. After five failures a minute the answer is 429.";
  }
  if (code == Code::invalid_refresh_token) {
    return "The login has ended, or the token was spent already. The player logs in again; a refresh token works once.";
  }
  return "Send the server_token that the game server was given with this match. It is good for that match only.";
}

}  // namespace

// Without `default`, so that the compiler names a code that has no advice.
std::string_view advice(Code code) {
  switch (code) {
    case Code::malformed_request:
      return "Compare the request with /openapi.json: the body must be one JSON value in UTF-8 without duplicate keys, the "
             "address must be percent-encoded. `detail` says what could not be read. The same request will fail again.";
    case Code::unauthorized:
    case Code::invalid_credentials:
    case Code::invalid_refresh_token:
    case Code::invalid_server_token: return advice_for_credentials(code);
    case Code::forbidden:
      return "The token is good, but not for this: a game server may speak for its own match only, a player for themselves only.";
    case Code::not_leader: return "Only the party's leader may do this. GET /v1/party/{party_id} names the `leader_id`.";
    case Code::not_member: return "Join the party first, or refresh the party: the player may have been removed from it.";
    case Code::origin_not_allowed:
      return "The page that sent this was loaded from an origin that the gateway does not know. The operator adds it to "
             "MM_ALLOWED_ORIGINS.";
    case Code::not_found:
      return "Check the address and the id. What the caller may not see is answered in the same way as what does not exist.";
    case Code::no_party: return "The player is in no party: create one with POST /v1/party, or join one.";
    case Code::no_match: return "The player is in no match. GET /v1/matchmaking/active says what they are in.";
    case Code::not_queued: return "There is nothing to take out of the queue. GET /v1/matchmaking/active says what the player is in.";
    case Code::unknown_season: return "Ask for /v1/leaderboard: its answer names the present season.";
    case Code::method_not_allowed: return "Use one of the methods in the header `Allow`.";
    case Code::request_timeout: return "The request did not arrive in time. Send it again, in one piece.";
    case Code::username_taken: return "Ask the player for another user name.";
    case Code::email_taken: return "There is an account with this address: log in, or use another address.";
    case Code::already_in_party: return "Leave the present party first: DELETE /v1/party/{party_id}/leave.";
    case Code::party_full: return "Join another party, or ask the leader to make room.";
    case Code::party_in_queue: return "Wait until the party's search or match has ended, or let the leader leave the queue.";
    case Code::party_changed: return "Read the party again and repeat the request if it still makes sense.";
    case Code::not_all_ready: return "Wait until every member is ready: POST /v1/party/{party_id}/ready lists who is not.";
    case Code::already_queued: return "Use the ticket in `ticket_id`, or leave the queue with it first.";
    case Code::already_matched: return "The ticket has become a match: GET /v1/matchmaking/active shows it.";
    case Code::in_match: return "Finish the present match first: GET /v1/matchmaking/active shows it.";
    case Code::in_party: return "The party's leader queues with POST /v1/party/queue, or the player leaves the party first.";
    case Code::ticket_conflict: return "Choose a fresh ticket_id for another request.";
    case Code::ticket_expired: return "Choose a fresh ticket_id (a UUID of version 7 made now) and repeat the request.";
    case Code::challenge_closed: return "The challenge was answered, withdrawn or has expired: send another.";
    case Code::result_conflict: return "The first result counts. Report one result for each match, and repeat only that one.";
    case Code::match_over: return "The match has ended: stop the heartbeats and the game for it.";
    case Code::idempotency_running: return "The first request with this key is still being served. Repeat after a second.";
    case Code::payload_too_large: return "A body has at most 65,536 bytes.";
    case Code::uri_too_long: return "An address has at most 8,192 bytes.";
    case Code::unsupported_media_type: return "Send a body as `Content-Type: application/json`, and none where none is needed.";
    case Code::invalid_fields: return "`errors` names each wrong field by a JSON pointer and says what is allowed. Correct them and send again.";
    case Code::unknown_tenant: return "Leave `tenant` out, or name one that the operator lists in MM_TENANTS.";
    case Code::unknown_mode: return "GET /v1/modes lists the modes.";
    case Code::invalid_team_size: return "GET /v1/modes lists the team sizes of each mode.";
    case Code::party_too_large: return "Choose a team size that holds the whole party, or a smaller party.";
    case Code::party_spread_too_wide: return "This mode limits how far the ratings of a party may differ: choose another mode or party.";
    case Code::no_playable_region: return "Measure `latencies` again, or leave them out: in none of the regions sent is the latency low enough for this mode.";
    case Code::idempotency_mismatch: return "Use a fresh Idempotency-Key for another request.";
    case Code::headers_too_large: return "The header has at most 64 fields and 16,384 bytes.";
    case Code::rate_limited: return "Wait for the seconds in `Retry-After`. The header `RateLimit` tells what is left.";
    case Code::internal_error: return "An error of ours. Repeat once; then report the `trace_id` to the operator, whose logs have it.";
    case Code::unavailable: return "Repeat after the seconds in `Retry-After`, with the same Idempotency-Key if there was one.";
    case Code::queue_full: return "Repeat after the seconds in `Retry-After`; the queue has reached its limit.";
    case Code::no_capacity: return "No game server is free. Repeat after the seconds in `Retry-After`.";
    case Code::not_ready_yet: return "The match is still being set up. Repeat after the seconds in `Retry-After`.";
    case Code::deadline_exceeded:
      return "The answer did not come in time, and the request may have had its effect. Look at the present state, or repeat "
             "with the same Idempotency-Key.";
  }
  return {};
}

}  // namespace mm::gateway::docs
