#include "services/gateway/docs/advice.h"

#include <algorithm>
#include <array>

namespace mm::gateway::docs {
namespace {

struct Advice {
  Code code;
  std::string_view text;
};

constexpr std::array kAdvice{
    Advice{Code::malformed_request,
     "Compare the request with /openapi.json: the body must be one JSON value in UTF-8 without duplicate keys, "
     "the address must be percent-encoded. `detail` says what could not be read. The same request will fail "
     "again."},
    Advice{Code::unauthorized,
     "Send `Authorization: Bearer <access_token>`. When the token has expired (after 15 minutes), get a new "
     "pair with POST /v1/auth/refresh; when that is refused too, the player logs in again."},
    Advice{Code::invalid_credentials,
     "Ask the player for user name and password again. After five failures a minute the answer is 429."},
    Advice{Code::invalid_refresh_token,
     "The login has ended, or the token was spent already. The player logs in again; a refresh token works "
     "once."},
    Advice{Code::invalid_server_token,
     "Send the server_token that the game server was given with this match. It is good for that match only."},
    Advice{Code::forbidden,
     "The token is good, but not for this: a game server may speak for its own match only, a player for "
     "themselves only."},
    Advice{Code::not_leader,
     "Only the party's leader may do this. GET /v1/party/{party_id} names the `leader_id`."},
    Advice{Code::not_member,
     "Join the party first, or refresh the party: the player may have been removed from it."},
    Advice{Code::kicked,
     "The leader removed the player. Join another party, or wait five minutes."},
    Advice{Code::origin_not_allowed,
     "The page that sent this was loaded from an origin that the gateway does not know. The operator adds it "
     "to MM_ALLOWED_ORIGINS."},
    Advice{Code::not_found,
     "Check the address and the id. What the caller may not see is answered in the same way as what does not "
     "exist."},
    Advice{Code::no_party,
     "The player is in no party: create one with POST /v1/party, or join one."},
    Advice{Code::no_match,
     "The player is in no match. GET /v1/matchmaking/active says what they are in."},
    Advice{Code::not_queued,
     "There is nothing to take out of the queue. GET /v1/matchmaking/active says what the player is in."},
    Advice{Code::unknown_season,
     "Ask for /v1/leaderboard: its answer names the present season."},
    Advice{Code::method_not_allowed,
     "Use one of the methods in the header `Allow`."},
    Advice{Code::request_timeout,
     "The request did not arrive in time. Send it again, in one piece."},
    Advice{Code::username_taken,
     "Ask the player for another user name."},
    Advice{Code::email_taken,
     "There is an account with this address: log in, or use another address."},
    Advice{Code::already_in_party,
     "Leave the present party first: DELETE /v1/party/{party_id}/leave."},
    Advice{Code::party_full,
     "Join another party, or ask the leader to make room."},
    Advice{Code::party_in_queue,
     "Wait until the party's search or match has ended, or let the leader leave the queue."},
    Advice{Code::party_in_match,
     "Wait until the party's match has ended: GET /v1/party/{party_id} shows its `status`."},
    Advice{Code::party_changed,
     "Read the party again and repeat the request if it still makes sense."},
    Advice{Code::not_all_ready,
     "Wait until every member is ready: POST /v1/party/{party_id}/ready lists who is not."},
    Advice{Code::member_absent,
     "Wait until the members named have opened a socket again, or remove them from the party."},
    Advice{Code::too_many_invites,
     "Withdraw an open invitation, or wait until one expires: GET /v1/party/invites lists a player's own."},
    Advice{Code::already_queued,
     "Use the ticket in `ticket_id`, or leave the queue with it first."},
    Advice{Code::already_matched,
     "The ticket has become a match: GET /v1/matchmaking/active shows it."},
    Advice{Code::in_match,
     "Finish the present match first: GET /v1/matchmaking/active shows it."},
    Advice{Code::in_party,
     "The party's leader queues with POST /v1/party/queue, or the player leaves the party first."},
    Advice{Code::ticket_conflict,
     "Choose a fresh ticket_id for another request."},
    Advice{Code::ticket_expired,
     "Choose a fresh ticket_id (a UUID of version 7 made now) and repeat the request."},
    Advice{Code::challenge_closed,
     "The challenge was answered, withdrawn or has expired: send another."},
    Advice{Code::result_conflict,
     "The first result counts. Report one result for each match, and repeat only that one."},
    Advice{Code::match_over,
     "The match has ended: stop the heartbeats and the game for it."},
    Advice{Code::idempotency_running,
     "The first request with this key is still being served. Repeat after a second."},
    Advice{Code::payload_too_large,
     "A body has at most 65,536 bytes."},
    Advice{Code::uri_too_long,
     "An address has at most 8,192 bytes."},
    Advice{Code::unsupported_media_type,
     "Send a body as `Content-Type: application/json`, and none where none is needed."},
    Advice{Code::misdirected_request,
     "Use the name or address under which the operator serves the gateway; the operator lists more of them in "
     "MM_ALLOWED_HOSTS."},
    Advice{Code::invalid_fields,
     "`errors` names each wrong field by a JSON pointer and says what is allowed. Correct them and send again."},
    Advice{Code::unknown_tenant,
     "Leave `tenant` out, or name one that the operator lists in MM_TENANTS."},
    Advice{Code::unknown_mode,
     "GET /v1/modes lists the modes."},
    Advice{Code::invalid_team_size,
     "GET /v1/modes lists the team sizes of each mode."},
    Advice{Code::party_too_large,
     "Choose a team size that holds the whole party, or a smaller party."},
    Advice{Code::party_spread_too_wide,
     "This mode limits how far the ratings of a party may differ: choose another mode or party."},
    Advice{Code::no_playable_region,
     "Measure `latencies` again, or leave them out: in none of the regions sent is the latency low enough for "
     "this mode."},
    Advice{Code::idempotency_mismatch,
     "Use a fresh Idempotency-Key for another request."},
    Advice{Code::headers_too_large,
     "The header has at most 64 fields and 16,384 bytes."},
    Advice{Code::rate_limited,
     "Wait for the seconds in `Retry-After`. The header `RateLimit` tells what is left."},
    Advice{Code::internal_error,
     "An error of ours. Repeat once; then report the `trace_id` to the operator, whose logs have it."},
    Advice{Code::unavailable,
     "Repeat after the seconds in `Retry-After`, with the same Idempotency-Key if there was one."},
    Advice{Code::queue_full,
     "Repeat after the seconds in `Retry-After`; the queue has reached its limit."},
    Advice{Code::no_capacity,
     "No game server is free. Repeat after the seconds in `Retry-After`."},
    Advice{Code::not_ready_yet,
     "The match is still being set up. Repeat after the seconds in `Retry-After`."},
    Advice{Code::deadline_exceeded,
     "The answer did not come in time, and the request may have had its effect. Look at the present state, or "
     "repeat with the same Idempotency-Key."},
};

constexpr bool has_advice(const CodeInfo& info) {
  return std::any_of(kAdvice.begin(), kAdvice.end(), [&](const Advice& one) { return one.code == info.code && !one.text.empty(); });
}
static_assert(std::all_of(kCodes.begin(), kCodes.end(), has_advice), "a code of problem.h has no advice in kAdvice");

}  // namespace

std::string_view advice(Code code) {
  return std::find_if(kAdvice.begin(), kAdvice.end(), [code](const Advice& one) { return one.code == code; })->text;
}

}  // namespace mm::gateway::docs
