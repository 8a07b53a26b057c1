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
           "the URL must be percent-encoded. `detail` says what could not be parsed. A retry of the same request will "
           "fail again."},
    Advice{
        Code::unauthorized,
        "Send `Authorization: Bearer <access_token>`. When the token has expired (after 15 minutes), get a new pair of "
        "tokens with POST /v1/auth/refresh. If that is refused too, the player must log in again."},
    Advice{Code::invalid_credentials,
           "Ask the player for user name and password again. After five failures within a minute the answer is 429."},
    Advice{Code::invalid_refresh_token,
           "The login has ended, or the refresh token was used before: it is valid only once. The player must log in "
           "again."},
    Advice{Code::invalid_server_token,
           "Send the server_token that the game server received for this match. It is valid only for that match."},
    Advice{Code::forbidden,
           "The token is valid but does not permit this request: a game server may act only for its own match, and a "
           "player only for their own account."},
    Advice{Code::not_leader, "Only the party's leader may do this. GET /v1/party/{party_id} names the `leader_id`."},
    Advice{Code::not_member,
           "Join the party first, or read the party again: the player may have been removed from it."},
    Advice{Code::kicked, "The leader has removed the player. Join another party, or wait five minutes."},
    Advice{
        Code::origin_not_allowed,
        "The page that sent the request was loaded from an origin that is not allowed. The operator can add the origin "
        "to MM_ALLOWED_ORIGINS."},
    Advice{Code::not_found,
           "Check the path and the id. A resource that the caller may not see gets the same answer as a resource that "
           "does "
           "not exist."},
    Advice{Code::no_party, "The player is not in a party. Create one with POST /v1/party, or join one."},
    Advice{Code::no_match,
           "The player is not in a match. GET /v1/matchmaking/active shows the player's current state."},
    Advice{Code::not_queued,
           "There is no ticket to take out of the queue. GET /v1/matchmaking/active shows the player's current state."},
    Advice{Code::unknown_season, "Read /v1/leaderboard: its answer names the current season."},
    Advice{Code::method_not_allowed, "Use one of the methods in the header field `Allow`."},
    Advice{Code::request_timeout, "The request did not arrive completely in time. Send it again without pauses."},
    Advice{Code::username_taken, "Ask the player for another user name."},
    Advice{Code::email_taken, "An account with this email address exists: log in, or use another address."},
    Advice{Code::already_in_party, "Leave the current party first: DELETE /v1/party/{party_id}/leave."},
    Advice{Code::party_full, "Join another party, or ask the leader to remove a member."},
    Advice{Code::party_in_queue,
           "Wait until the party's search or match has ended, or let the leader take the party out of the queue."},
    Advice{Code::party_in_match,
           "Wait until the party's match has ended: GET /v1/party/{party_id} shows its `status`."},
    Advice{Code::party_changed, "Read the party again, and repeat the request if it still applies."},
    Advice{Code::not_all_ready, "Wait until the members named in `errors` are ready, or remove them from the party."},
    Advice{
        Code::member_absent,
        "Wait until the members named in `errors` have reconnected their WebSockets, or remove them from the party."},
    Advice{Code::too_many_invites,
           "Withdraw an open invitation, or wait until one expires. GET /v1/party/invites lists the open invitations "
           "to the "
           "player."},
    Advice{Code::already_queued, "Use the existing ticket in `ticket_id`, or cancel it first."},
    Advice{Code::already_matched, "The ticket has become a match: GET /v1/matchmaking/active shows it."},
    Advice{Code::in_match, "Finish the current match first: GET /v1/matchmaking/active shows it."},
    Advice{Code::in_party,
           "The party's leader can queue with POST /v1/party/queue, or the player can leave the party first."},
    Advice{Code::ticket_conflict, "Use a new ticket_id for a different request."},
    Advice{Code::ticket_expired,
           "Create a new ticket_id (a UUID of version 7 with the current time) and repeat the request."},
    Advice{Code::challenge_closed, "The challenge was answered or withdrawn, or it has expired. Send a new challenge."},
    Advice{Code::result_conflict,
           "The first result is stored and cannot be changed. Report one result for each match; repeat only the same "
           "one."},
    Advice{Code::match_over, "The match has ended: stop its game and its heartbeats."},
    Advice{Code::idempotency_running,
           "The first request with this key is still in progress. Repeat after the seconds in `Retry-After`."},
    Advice{Code::payload_too_large, "Send a body of at most 65,536 bytes."},
    Advice{Code::uri_too_long, "Send a URL of at most 8,192 bytes."},
    Advice{Code::unsupported_media_type, "Send the body as uncompressed JSON with `Content-Type: application/json`."},
    Advice{Code::misdirected_request,
           "Use a host name or address under which the operator serves the gateway. The operator can add more in "
           "MM_ALLOWED_HOSTS."},
    Advice{
        Code::invalid_fields,
        "`errors` names each invalid field by a JSON pointer and says what is allowed. Correct them and send again."},
    Advice{Code::unknown_tenant, "Omit `tenant`, or use a tenant that the operator lists in MM_TENANTS."},
    Advice{Code::unknown_mode, "GET /v1/modes lists the modes."},
    Advice{Code::invalid_team_size, "GET /v1/modes lists the team sizes of each mode."},
    Advice{Code::party_too_large, "Choose a team size of at least the party's size, or a smaller party."},
    Advice{Code::party_spread_too_wide,
           "This mode limits the difference between the ratings in a party. Choose another mode or party."},
    Advice{
        Code::no_playable_region,
        "Measure `latencies` again, or omit them: none of the regions in the request has a latency that is low enough "
        "for this mode."},
    Advice{Code::idempotency_mismatch, "Use a new Idempotency-Key for a different request."},
    Advice{Code::headers_too_large, "The header has at most 64 fields and 16,384 bytes."},
    Advice{Code::rate_limited,
           "Wait for the seconds in `Retry-After`. The header field `RateLimit` has the remaining requests."},
    Advice{
        Code::internal_error,
        "The server failed. Repeat the request once; if it fails again, report the `trace_id` to the operator, who can "
        "find it in the logs."},
    Advice{Code::unavailable,
           "Repeat after the seconds in `Retry-After`, with the same Idempotency-Key if there was one."},
    Advice{Code::queue_full, "The queue has reached its limit. Repeat after the seconds in `Retry-After`."},
    Advice{Code::no_capacity, "No game server is free. Repeat after the seconds in `Retry-After`."},
    Advice{Code::not_ready_yet, "The match is still being set up. Repeat after the seconds in `Retry-After`."},
    Advice{Code::deadline_exceeded,
           "There was no answer in time, but the request may have taken effect. Read the current state, or repeat the "
           "request with the same Idempotency-Key."},
};

constexpr bool has_advice(const CodeInfo& info) {
  return std::any_of(kAdvice.begin(), kAdvice.end(),
                     [&](const Advice& one) { return one.code == info.code && !one.text.empty(); });
}
static_assert(std::all_of(kCodes.begin(), kCodes.end(), has_advice), "a code of problem.h has no advice in kAdvice");

}  // namespace

std::string_view advice(Code code) {
  return std::find_if(kAdvice.begin(), kAdvice.end(), [code](const Advice& one) { return one.code == code; })->text;
}

}  // namespace mm::gateway::docs
