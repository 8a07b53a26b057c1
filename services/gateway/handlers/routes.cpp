#include "services/gateway/handlers/routes.h"

#include "common/contracts/explain.h"
#include "common/contracts/leaderboard.h"
#include "services/gateway/core/public_figures.h"
#include "services/gateway/handlers/accounts.h"
#include "services/gateway/handlers/figures.h"
#include "services/gateway/handlers/forward.h"
#include "services/gateway/handlers/matches.h"
#include "services/gateway/handlers/pages.h"
#include "services/gateway/handlers/streams.h"

namespace mm::gateway {
namespace {

// Fields that only the gateway knows: the name and region from the token, and ids that stay the same over retries.
void set_creator(Exchange& x, CreateParty& request) {
  request.username = x.player().name;
  request.home_region = x.principal.home_region();
}
void set_joiner(Exchange& x, JoinParty& request) { request.username = x.player().name; }
void complete_entry(Exchange& x, EnterQueue& request) {
  request.ticket_id = x.stable_ticket_id();
  request.home_region = x.principal.home_region();
}
template <class Req>
void in_own_tenant(Exchange& x, Req& request) {
  request.tenant = x.player().tenant;
}

void add_location(Exchange& x, const Party& party) {
  x.headers.emplace_back("Location", "/v1/party/" + party.party_id.to_string());
}
void add_location(Exchange& x, const Ticket& ticket) {
  x.headers.emplace_back("Location", "/v1/matchmaking/queue/" + ticket.ticket_id.to_string());
}

constexpr auto kAnyone = Audience::anyone;
constexpr auto kPlayer = Audience::player;

constexpr Route kRoutes[] = {
    {"POST",
     "/v1/auth/register",
     kAnyone,
     Cost::write,
     201,
     own<RegisterPlayer, RegisteredPlayer>(&accounts::register_player),
     "Accounts",
     "Create an account",
     "username_taken email_taken not_found",
     {.keyed = true}},
    {"POST", "/v1/auth/login", kAnyone, Cost::credentials, 200, own<LoginPlayer, TokenPair>(&accounts::login),
     "Accounts", "Log in", "invalid_credentials not_found"},
    {"POST", "/v1/auth/refresh", kAnyone, Cost::credentials, 200, own<RefreshTokens, TokenPair>(&accounts::refresh),
     "Accounts", "Exchange a refresh token for a new pair of tokens", "invalid_refresh_token"},
    {"POST", "/v1/auth/logout", kPlayer, Cost::write, 204, own<Logout, Empty>(&accounts::logout), "Accounts",
     "End the login", "invalid_refresh_token"},

    {"GET", "/v1/profile/me", kPlayer, Cost::read, 200, own<NoFields, Profile>(&accounts::get_me), "Profiles",
     "The player's own profile", "not_found"},
    {"PATCH", "/v1/profile/me", kPlayer, Cost::write, 200, own<UpdateProfile, Profile>(&accounts::update_me),
     "Profiles", "Change region or preferences", "not_found"},
    {"GET", "/v1/profile/{player_id}", kPlayer, Cost::read, 200, forward<GetProfile>(), "Profiles",
     "The public part of a profile", "not_found"},

    {"POST",
     "/v1/party",
     kPlayer,
     Cost::write,
     201,
     forward<CreateParty, set_creator, add_location>(),
     "Parties",
     "Create a party",
     "already_in_party already_queued",
     {.keyed = true}},
    {"GET", "/v1/party/invites", kPlayer, Cost::read, 200, forward<GetInvitations>(), "Parties",
     "The player's open invitations"},
    {"GET", "/v1/party/{party_id}", kAnyone, Cost::read, 200, forward<GetParty>(), "Parties",
     "A party; visible to its members, or to anyone if it is public", "not_found"},
    {"POST", "/v1/party/{party_id}/join", kPlayer, Cost::write, 200, forward<JoinParty, set_joiner>(), "Parties",
     "Join a party",
     "not_found kicked party_full already_in_party already_queued party_in_queue party_in_match party_changed"},
    {"DELETE", "/v1/party/{party_id}/leave", kPlayer, Cost::write, 204, forward<LeaveParty>(), "Parties",
     "Leave a party", "not_found not_member party_changed"},
    {"POST",
     "/v1/party/{party_id}/ready",
     kPlayer,
     Cost::write,
     200,
     forward<SetReady>(),
     "Parties",
     "Set whether the player is ready; without `ready` the state is toggled",
     "not_member not_found party_changed party_in_queue party_in_match",
     {.party_role = PartyRole::member}},
    {"POST",
     "/v1/party/{party_id}/invite",
     kPlayer,
     Cost::write,
     200,
     forward<InvitePlayer>(),
     "Parties",
     "Invite a player",
     "not_leader not_found party_changed already_in_party too_many_invites",
     {.keyed = true, .party_role = PartyRole::leader}},
    {"DELETE", "/v1/party/{party_id}/invite", kPlayer, Cost::write, 204, forward<RemoveInvitation>(), "Parties",
     "Decline an invitation; as the leader, withdraw the invitation of `player_id`", "not_leader not_found"},
    {"POST",
     "/v1/party/{party_id}/kick",
     kPlayer,
     Cost::write,
     200,
     forward<KickPlayer>(),
     "Parties",
     "Remove a member",
     "not_leader not_found party_changed",
     {.party_role = PartyRole::leader}},
    {"POST",
     "/v1/party/{party_id}/promote",
     kPlayer,
     Cost::write,
     200,
     forward<PromotePlayer>(),
     "Parties",
     "Make another member the leader",
     "not_leader not_found party_changed member_absent party_in_queue party_in_match",
     {.party_role = PartyRole::leader}},
    {"POST",
     "/v1/party/{party_id}/chat",
     kPlayer,
     Cost::write,
     202,
     forward<SendChat>(),
     "Parties",
     "Send a chat message to the party",
     "not_member not_found",
     {.keyed = true, .party_role = PartyRole::member}},

    {"POST",
     "/v1/party/queue",
     kPlayer,
     Cost::write,
     200,
     forward<EnterQueue, complete_entry, add_location>(),
     "Matchmaking",
     "Queue the party",
     "not_leader member_absent not_all_ready already_queued in_match unknown_mode invalid_team_size party_too_large "
     "queue_full "
     "not_found party_changed party_spread_too_wide no_playable_region ticket_conflict ticket_expired",
     {.keyed = true, .needs = "party_id", .party_role = PartyRole::leader}},
    {"DELETE",
     "/v1/party/queue",
     kPlayer,
     Cost::write,
     204,
     forward<LeaveQueue>(),
     "Matchmaking",
     "Take the party out of the queue",
     "not_leader not_queued already_matched not_found",
     {.needs = "party_id", .without = "ticket_id", .party_role = PartyRole::leader}},
    {"POST",
     "/v1/matchmaking/queue",
     kPlayer,
     Cost::write,
     201,
     forward<EnterQueue, complete_entry, add_location>(),
     "Matchmaking",
     "Queue alone",
     "already_queued in_match in_party unknown_mode invalid_team_size queue_full "
     "party_changed no_playable_region party_too_large party_spread_too_wide ticket_conflict ticket_expired",
     {.keyed = true, .without = "party_id"}},
    {"GET", "/v1/matchmaking/queue/{ticket_id}", kPlayer, Cost::read, 200,
     forward<GetTicket, in_own_tenant<GetTicket>>(), "Matchmaking", "A ticket", "not_found"},
    {"GET", "/v1/matchmaking/queue/{ticket_id}/explain", kPlayer, Cost::read, 200,
     forward<GetExplanation, in_own_tenant<GetExplanation>>(), "Matchmaking",
     "Why a ticket waits, when it may be matched, and what would shorten the wait", "not_found"},
    {"DELETE",
     "/v1/matchmaking/queue/{ticket_id}",
     kPlayer,
     Cost::write,
     204,
     forward<LeaveQueue>(),
     "Matchmaking",
     "Leave the queue",
     "not_found already_matched not_leader",
     {.without = "party_id"}},
    {"GET", "/v1/matchmaking/active", kPlayer, Cost::read, 200, own<NoFields, ActiveState>(&streams::get_active),
     "Matchmaking", "The current party, ticket, match and invitations of the player"},

    {"GET", "/v1/session/{match_id}", kPlayer, Cost::read, 200, own<GetMatch, MatchView>(&matches::get), "Sessions",
     "A match of the player, with the player's join token", "not_found not_ready_yet"},
    {"POST", "/v1/session/{match_id}/heartbeat", Audience::server, Cost::server, 200, forward<Heartbeat>(), "Sessions",
     "Heartbeat of the match's game server", "invalid_server_token forbidden match_over not_found"},
    {"POST", "/v1/session/{match_id}/result", Audience::server, Cost::server, 200, forward<ReportResult>(), "Sessions",
     "Result of the match, from its game server",
     "invalid_server_token forbidden result_conflict match_over not_ready_yet not_found"},

    {"GET", "/v1/matches/history", kPlayer, Cost::read, 200, forward<GetHistory>(), "Standings",
     "Finished matches of a player, the newest first"},
    {"GET", "/v1/matches/{match_id}", kPlayer, Cost::read, 200, forward<GetFinishedMatch>(), "Standings",
     "A finished match", "not_found"},
    {"GET", "/v1/leaderboard", kAnyone, Cost::read, 200, forward<GetLeaderboard>(), "Standings",
     "Standings of the current season"},
    {"GET", "/v1/leaderboard/{season}", kAnyone, Cost::read, 200, forward<GetLeaderboard>(), "Standings",
     "Standings of a season", "unknown_season"},

    {"GET", "/v1/modes", kAnyone, Cost::read, 200, own<NoFields, PublicModes>(&figures::modes), "Standings",
     "The game modes and their team sizes"},
    {"GET", "/v1/queues", kAnyone, Cost::read, 200, own<NoFields, PublicQueues>(&figures::queues), "Standings",
     "Waiting players and wait times by mode and region, at most two seconds old"},

    {"GET", "/v1/ws", kAnyone, Cost::read, 101, own<OpenSocket, Empty>(&streams::open), "WebSocket",
     "WebSocket with all frames for the player", "origin_not_allowed"},
    {"GET", "/v1/ws/party/{party_id}", kAnyone, Cost::read, 101, own<OpenSocket, Empty>(&streams::open), "WebSocket",
     "The same stream, for members of the party only", "origin_not_allowed not_member"},

    {"GET", "/internal/queues/summary", Audience::admin, Cost::read, 200, forward<GetQueues>(), "Operation",
     "Every bucket of the queue", "not_found"},
    {"GET", "/livez", kAnyone, Cost::free, 200, own<NoFields, Health>(&pages::livez), "Operation",
     "Liveness: the process answers requests"},
    {"GET", "/readyz", kAnyone, Cost::free, 200, own<NoFields, Health>(&pages::readyz), "Operation",
     "Readiness: the gateway can serve requests"},
    {"GET", "/version", kAnyone, Cost::free, 200, own<NoFields, Version>(&pages::version), "Operation",
     "The version of the gateway"},
    {"GET", "/", kAnyone, Cost::read, 302, own<NoFields, Entry>(&pages::entry), "Documents",
     "Redirect to the documents"},
    {"GET", "/errors/{code}", kAnyone, Cost::read, 200, own<NoFields, ErrorInfo>(&pages::error_info), "Documents",
     "The meaning of an error code, with advice", "not_found"},
    {"GET",
     "/openapi.json",
     kAnyone,
     Cost::read,
     200,
     own<NoFields, Empty>(&pages::openapi),
     "Documents",
     "The OpenAPI document of this API",
     "",
     {.media = "application/json"}},
    {"GET",
     "/asyncapi.json",
     kAnyone,
     Cost::read,
     200,
     own<NoFields, Empty>(&pages::asyncapi),
     "Documents",
     "The AsyncAPI document: WebSocket frames and subjects of the bus",
     "",
     {.media = "application/json"}},
    {"GET",
     "/docs",
     kAnyone,
     Cost::read,
     200,
     own<NoFields, Empty>(&pages::docs_page),
     "Documents",
     "Swagger UI",
     "",
     {.media = "text/html"}},
    {"GET",
     "/docs/{file}",
     kAnyone,
     Cost::read,
     200,
     own<NoFields, Empty>(&pages::site_file),
     "Documents",
     "A file of Swagger UI",
     "not_found",
     {.media = "*/*"}},
    {"GET",
     "/redoc",
     kAnyone,
     Cost::read,
     200,
     own<NoFields, Empty>(&pages::redoc_page),
     "Documents",
     "ReDoc",
     "",
     {.media = "text/html"}},
    {"GET",
     "/redoc/{file}",
     kAnyone,
     Cost::read,
     200,
     own<NoFields, Empty>(&pages::site_file),
     "Documents",
     "A file of ReDoc",
     "not_found",
     {.media = "*/*"}},
};

}  // namespace

Routes routes() { return kRoutes; }

}  // namespace mm::gateway
