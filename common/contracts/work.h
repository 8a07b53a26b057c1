// The class of each request. It decides which requests are refused first: reads when a daemon or the gateway has more
// requests than it can answer, and new work when a store runs out of memory. So what has begun can always be finished.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/contracts/dead_letter.h"
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

namespace mm {

/// finish: ends something, or continues what was promised: results, heartbeats, cancels, leaves, servers for matches.
/// change: changes something that exists. begin: new work, which also needs new memory: logins, accounts, parties,
/// tickets. read: changes nothing.
enum class Work { finish, change, begin, read };

/// The classes in the order in which they are answered, when requests wait.
inline constexpr std::size_t kWorkRanks = 3;
constexpr std::size_t rank_of(Work work) {
  switch (work) {
    case Work::finish: return 0;
    case Work::change:
    case Work::begin: return 1;
    case Work::read: break;
  }
  return 2;
}

/// The number of waiting requests above which further requests of this class are refused, if `most` is the limit of
/// all together. Requests of the other classes find the rest.
constexpr std::size_t room_for(Work work, std::size_t most) {
  constexpr std::size_t kPercent[kWorkRanks] = {100, 85, 60};
  return (most * kPercent[rank_of(work)] + 99) / 100;
}

struct WorkOfSubject {
  std::string_view subject;
  Work work;
};

/// One row per request subject.
inline constexpr WorkOfSubject kWork[] = {
    {RegisterPlayer::kSubject.text, Work::begin},    {LoginPlayer::kSubject.text, Work::begin},
    {UpdateProfile::kSubject.text, Work::change},    {GetProfile::kSubject.text, Work::read},
    {GetRatings::kSubject.text, Work::read},         {GetRatingChanges::kSubject.text, Work::read},

    {CreateParty::kSubject.text, Work::begin},       {JoinParty::kSubject.text, Work::begin},
    {InvitePlayer::kSubject.text, Work::begin},      {EnterQueue::kSubject.text, Work::begin},
    {SetReady::kSubject.text, Work::change},         {PromotePlayer::kSubject.text, Work::change},
    {SendChat::kSubject.text, Work::change},         {LeaveParty::kSubject.text, Work::finish},
    {KickPlayer::kSubject.text, Work::finish},       {RemoveInvitation::kSubject.text, Work::finish},
    {LeaveQueue::kSubject.text, Work::finish},       {GetParty::kSubject.text, Work::read},
    {GetInvitations::kSubject.text, Work::read},

    {Enqueue::kSubject.text, Work::begin},           {MakeMatch::kSubject.text, Work::begin},
    {CancelTicket::kSubject.text, Work::finish},     {GetTicket::kSubject.text, Work::read},
    {GetQueues::kSubject.text, Work::read},          {GetExplanation::kSubject.text, Work::read},
    {ExplainHere::kSubject.text, Work::read},

    {ReportResult::kSubject.text, Work::finish},     {Heartbeat::kSubject.text, Work::finish},
    {ReconcileMatches::kSubject.text, Work::finish}, {RecordGeneration::kSubject.text, Work::finish},
    {ListOpenMatches::kSubject.text, Work::finish},  {GetMatch::kSubject.text, Work::read},
    {GetRecentMatches::kSubject.text, Work::read},

    {AllocateServer::kSubject.text, Work::finish},   {ReleaseServer::kSubject.text, Work::finish},

    {StoreDeadLetter::kSubject.text, Work::finish},  {GetLeaderboard::kSubject.text, Work::read},
    {GetHistory::kSubject.text, Work::read},         {GetFinishedMatch::kSubject.text, Work::read},
};

/// The class of a request subject, without the address of an instance. Unknown subjects, which only tests have, are
/// `change`.
constexpr Work work_of(std::string_view subject) {
  for (const auto& row : kWork) {
    if (row.subject == subject) return row.work;
  }
  return Work::change;
}

}  // namespace mm
