// The rights on the bus: which daemon may use which subject. The permissions of nats-server
// (deployments/nats/accounts.conf) and the consumers of the streams are generated from this table, and a test checks
// every daemon against it. Everything that is not in the table is refused.
//
// Each daemon receives answers under its own inbox prefix and may answer each request that it received once, so no
// daemon can read or forge answers to another. A daemon may use only its own JetStream consumers. nats_setup creates
// the streams and consumers before any client can connect (services/nats_setup).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/contracts/dead_letter.h"
#include "common/contracts/events.h"
#include "common/contracts/explain.h"
#include "common/contracts/leaderboard.h"
#include "common/contracts/lobby.h"
#include "common/contracts/matchmaker.h"
#include "common/contracts/profile.h"
#include "common/contracts/queue_generation.h"
#include "common/contracts/recent.h"
#include "common/contracts/reconcile.h"
#include "common/contracts/session.h"
#include "common/contracts/subjects.h"

namespace mm::rights {

/// nats-server has a user with each of these names: the daemons of deployments/daemons.table.
inline constexpr std::array<std::string_view, 7> kDaemons{"gateway",      "lobby",   "matchmaker", "session",
                                                          "orchestrator", "profile", "leaderboard"};
/// The user for engineers (`make env`).
inline constexpr std::string_view kOperator = "operator";

enum class Use {
  serve,      ///< answers requests on the subject
  request,    ///< sends requests to the subject
  publish,    ///< publishes events on the subject
  subscribe,  ///< receives events on the subject while connected
};

/// The only daemon that sends a request again to another instance. So it may send each of its requests also to any
/// instance's own address (addressed()).
inline constexpr std::string_view kRetries = "gateway";

struct Right {
  std::string_view daemon;
  Use use;
  std::string_view subject;
};

inline constexpr Right kTable[] = {
    {"gateway", Use::request, RegisterPlayer::kSubject.text},
    {"gateway", Use::request, LoginPlayer::kSubject.text},
    {"gateway", Use::request, GetProfile::kSubject.text},
    {"gateway", Use::request, UpdateProfile::kSubject.text},
    {"gateway", Use::request, GetRatingChanges::kSubject.text},
    {"gateway", Use::request, CreateParty::kSubject.text},
    {"gateway", Use::request, GetParty::kSubject.text},
    {"gateway", Use::request, JoinParty::kSubject.text},
    {"gateway", Use::request, LeaveParty::kSubject.text},
    {"gateway", Use::request, SetReady::kSubject.text},
    {"gateway", Use::request, InvitePlayer::kSubject.text},
    {"gateway", Use::request, GetInvitations::kSubject.text},
    {"gateway", Use::request, RemoveInvitation::kSubject.text},
    {"gateway", Use::request, KickPlayer::kSubject.text},
    {"gateway", Use::request, PromotePlayer::kSubject.text},
    {"gateway", Use::request, SendChat::kSubject.text},
    {"gateway", Use::request, EnterQueue::kSubject.text},
    {"gateway", Use::request, LeaveQueue::kSubject.text},
    {"gateway", Use::request, GetTicket::kSubject.text},
    {"gateway", Use::request, GetExplanation::kSubject.text},
    {"gateway", Use::request, GetQueues::kSubject.text},
    {"gateway", Use::request, GetMatch::kSubject.text},
    {"gateway", Use::request, GetRecentMatches::kSubject.text},
    {"gateway", Use::request, Heartbeat::kSubject.text},
    {"gateway", Use::request, ReportResult::kSubject.text},
    {"gateway", Use::request, GetLeaderboard::kSubject.text},
    {"gateway", Use::request, GetHistory::kSubject.text},
    {"gateway", Use::request, GetFinishedMatch::kSubject.text},
    {"gateway", Use::publish, PresenceChanged::kSubject.text},
    {"gateway", Use::publish, CloseSockets::kSubject.text},
    {"gateway", Use::subscribe, CloseSockets::kSubject.text},
    {"gateway", Use::subscribe, "notify.*"},
    {"gateway", Use::subscribe, PartyUpdated::kSubject.text},
    {"gateway", Use::subscribe, PartyDisbanded::kSubject.text},
    {"gateway", Use::subscribe, QueueReset::kSubject.text},

    {"lobby", Use::serve, "lobby.>"},
    {"lobby", Use::request, GetProfile::kSubject.text},
    {"lobby", Use::request, GetRatings::kSubject.text},
    {"lobby", Use::request, Enqueue::kSubject.text},
    {"lobby", Use::request, CancelTicket::kSubject.text},
    {"lobby", Use::request, GetTicket::kSubject.text},
    {"lobby", Use::request, MakeMatch::kSubject.text},
    {"lobby", Use::request, "leaderboard.dead_letter.lobby"},
    {"lobby", Use::publish, PartyCreated::kSubject.text},
    {"lobby", Use::publish, PartyUpdated::kSubject.text},
    {"lobby", Use::publish, PartyDisbanded::kSubject.text},
    {"lobby", Use::publish, "notify.*"},
    {"lobby", Use::subscribe, PresenceChanged::kSubject.text},

    {"matchmaker", Use::serve, "matchmaker.>"},
    {"matchmaker", Use::request, "matchmaker.explain_here.*"},
    {"matchmaker", Use::request, ReconcileMatches::kSubject.text},
    {"matchmaker", Use::request, RecordGeneration::kSubject.text},
    {"matchmaker", Use::request, ListOpenMatches::kSubject.text},
    {"matchmaker", Use::request, "leaderboard.dead_letter.matchmaker"},
    {"matchmaker", Use::publish, MatchFound::kSubject.text},
    {"matchmaker", Use::publish, TicketClosed::kSubject.text},
    {"matchmaker", Use::publish, TicketRequeued::kSubject.text},
    {"matchmaker", Use::publish, QueueChanged::kSubject.text},
    {"matchmaker", Use::publish, QueueReset::kSubject.text},
    {"matchmaker", Use::publish, "notify.*"},

    {"session", Use::serve, "session.*"},
    {"session", Use::serve, "session.*.*"},  // addressed()
    {"session", Use::request, AllocateServer::kSubject.text},
    {"session", Use::request, ReleaseServer::kSubject.text},
    {"session", Use::request, "leaderboard.dead_letter.session"},
    {"session", Use::publish, MatchReady::kSubject.text},
    {"session", Use::publish, MatchCompleted::kSubject.text},
    {"session", Use::publish, MatchCancelled::kSubject.text},
    {"session", Use::publish, SessionStateChanged::kSubject.text},
    {"session", Use::publish, "notify.*"},

    {"orchestrator", Use::serve, "orchestrator.*"},
    {"orchestrator", Use::serve, "orchestrator.*.*"},  // addressed()
    {"orchestrator", Use::request, GetMatch::kSubject.text},

    {"profile", Use::serve, "profile.*"},
    {"profile", Use::serve, "profile.*.*"},  // addressed()
    {"profile", Use::request, "leaderboard.dead_letter.profile"},
    {"profile", Use::publish, MatchRated::kSubject.text},
    {"profile", Use::publish, "notify.*"},

    {"leaderboard", Use::serve, "leaderboard.*"},
    {"leaderboard", Use::serve, "leaderboard.*.*"},  // addressed(), and the dead letters
    {"leaderboard", Use::request, "leaderboard.dead_letter.leaderboard"},
};

/// Every daemon may publish these subjects, in addition to its rows of the table, and may subscribe to the retry
/// subject of each of its consumers (common/contracts/dead_letter.h).
inline constexpr std::string_view kViolations = "events.violation.*";

/// The first tokens of all subjects in common/contracts.
inline constexpr std::array<std::string_view, 14> kNamespaces{
    "profile", "lobby",  "matchmaker", "session",  "orchestrator", "leaderboard", "gateway",
    "match",   "ticket", "party",      "presence", "queue",        "events",      "notify"};

/// A durable consumer of a stream that belongs to one daemon. With `instances` = 0, all instances of the daemon share
/// it and each event goes to one of them. Otherwise each of that many instances has its own and receives every event.
struct StreamConsumer {
  Stream stream;
  std::string_view name;
  std::string_view daemon;
  std::string_view subject;  ///< filter: the subjects of the stream that it receives
  int instances = 0;
  /// An event that is not acknowledged within this time is delivered again. So it is also the time after which another
  /// instance gets the events of a killed one.
  Milliseconds ack_wait{5'000};
};

inline constexpr int kMaxLobbies = 8;

inline constexpr StreamConsumer kConsumers[] = {
    {streams::kMatch, "session", "session", MatchFound::kSubject.text},
    {streams::kMatch, "matchmaker", "matchmaker", streams::kMatch.subjects},
    {streams::kMatch, "lobby", "lobby", streams::kMatch.subjects},
    {streams::kMatch, "lobby-ratings", "lobby", MatchRated::kSubject.text, kMaxLobbies},
    {streams::kMatch, "profile", "profile", MatchCompleted::kSubject.text},
    {streams::kMatch, "leaderboard", "leaderboard", MatchRated::kSubject.text},
    {streams::kTicket, "lobby", "lobby", streams::kTicket.subjects},
};

/// Daemons that sign the events they store (common/bus/event_signature.h): events that change ratings or end matches.
inline constexpr std::array<std::string_view, 2> kSigners{"session", "profile"};

/// The daemon that publishes an event, or empty if none does.
constexpr std::string_view publisher_of(std::string_view subject) {
  for (const auto& right : kTable) {
    if (right.use == Use::publish && right.subject == subject) return right.daemon;
  }
  return {};
}

/// Whether a consumer of `daemon` receives events that `publisher` stores.
constexpr bool reads_events_of(std::string_view daemon, std::string_view publisher) {
  for (const auto& consumer : kConsumers) {
    if (consumer.daemon != daemon) continue;
    const bool all = consumer.subject == consumer.stream.subjects;
    const auto stem = all ? consumer.subject.substr(0, consumer.subject.size() - 1) : consumer.subject;
    for (const auto& right : kTable) {
      const bool stored = right.daemon == publisher && right.use == Use::publish;
      if (stored && (all ? right.subject.starts_with(stem) : right.subject == stem)) return true;
    }
  }
  return false;
}

/// `instance` counts from 1.
inline std::string instance_consumer(std::string_view name, int instance) {
  return std::string(name) + "-" + std::to_string(instance);
}

/// The daemon that a consumer in NATS belongs to ("lobby-ratings-2" of MATCH to lobby), or empty if there is none.
inline std::string_view owner_of(std::string_view stream, std::string_view name) {
  for (const auto& consumer : kConsumers) {
    if (consumer.stream.name != stream) continue;
    if (consumer.instances == 0 && consumer.name == name) return consumer.daemon;
    for (int i = 1; i <= consumer.instances; ++i) {
      if (instance_consumer(consumer.name, i) == name) return consumer.daemon;
    }
  }
  return {};
}

/// Inbox prefix of a user, without the dot. The operator has the default prefix of NATS clients.
inline std::string inbox_prefix(std::string_view user) {
  return user.empty() || user == kOperator ? "_INBOX" : "_INBOX_" + std::string(user);
}

}  // namespace mm::rights
