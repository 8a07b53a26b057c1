// Tests of the golden files of events and of frames for players.
#include "common/contracts/dead_letter.h"
#include "common/contracts/events.h"
#include "common/contracts/frames.h"
#include "common/contracts/queue_generation.h"
#include "common/contracts/reconcile.h"
#include "tests/contract/messages/golden.h"

namespace mm::golden {
namespace {

using EventMessages =
    Messages<FoundPlayer, FoundTeam, MatchFound, MatchReady, CompletedPlayer, MatchCompleted, MatchCancelled,
             RatedPlayer, MatchRated, TicketClosed, TicketRequeued, PartyCreated, PartyUpdated, PartyDisbanded,
             PresenceChanged, CloseSockets, QueueChanged, SessionStateChanged, MatchState, MatchStates,
             ReconcileMatches, QueueGeneration, RecordedGeneration, RecordGeneration, OpenMatches, ListOpenMatches,
             QueueReset, DeadEvent, StoreDeadLetter, RetryEvent>;

using FrameMessages = Messages<frames::MemberJoined, frames::MemberLeft, frames::MemberReady, frames::PartyChanged,
                               frames::PartyGone, frames::Invited, frames::InviteEnded, frames::ChatMessage,
                               frames::QueueEntered, frames::QueueLeft, frames::MatchFoundFrame, frames::SessionReady,
                               frames::MatchCancelledFrame, frames::MatchCompletedFrame, frames::RatingChanged>;

TEST(GoldenFiles, OfEvents) { check_messages(EventMessages{}); }
TEST(GoldenFiles, OfFrames) { check_messages(FrameMessages{}); }

}  // namespace

std::vector<std::string> event_messages() {
  auto names = names_of(EventMessages{});
  for (auto& name : names_of(FrameMessages{})) names.push_back(std::move(name));
  return names;
}

}  // namespace mm::golden
