// Tests of the golden files of the requests and answers of lobby and matchmaker.
#include "common/contracts/explain.h"
#include "common/contracts/lobby.h"
#include "common/contracts/matchmaker.h"
#include "tests/contract/messages/golden.h"

namespace mm::golden {
namespace {

using PartyMessages =
    Messages<PartyMember, Party, CreateParty, GetParty, JoinParty, Empty, LeaveParty, ReadyState, SetReady,
             InvitePlayer, Invitation, OpenInvitations, GetInvitations, RemoveInvitation, KickPlayer, PromotePlayer,
             SendChat, EnterQueue, LeaveQueue, TicketPlayer, Ticket, Enqueued, Enqueue, CancelledTicket, CancelTicket,
             GetTicket, MadeMatch, MakeMatch, BucketSummary, QueueSummary, WaitOfKind, GetQueues, PairCheck, NearTicket,
             Forecast, Newcomers, Explanation, GetExplanation, ExplainHere>;

TEST(GoldenFiles, OfPartiesAndQueues) { check_messages(PartyMessages{}); }

}  // namespace

std::vector<std::string> party_messages() { return names_of(PartyMessages{}); }

}  // namespace mm::golden
