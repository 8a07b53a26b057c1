// Tests of the golden files of the requests and answers of profile, session, leaderboard, orchestrator and game server.
#include "common/contracts/game_server.h"
#include "common/contracts/leaderboard.h"
#include "common/contracts/modes.h"
#include "common/contracts/problem.h"
#include "common/contracts/profile.h"
#include "common/contracts/recent.h"
#include "common/contracts/session.h"
#include "tests/contract/messages/golden.h"

namespace mm::golden {
namespace {

using ProfileMessages =
    Messages<RegisteredPlayer, RegisterPlayer, LoggedIn, LoginPlayer, RatingSummary, Profile, GetProfile, UpdateProfile,
             Rating, Ratings, GetRatings, MatchRatingChange, RatingChanges, GetRatingChanges>;

using SessionMessages = Messages<MatchView, GetMatch, RecentMatch, RecentMatches, GetRecentMatches, HeartbeatAnswer,
                                 Heartbeat, ResultAnswer, ReportResult, Allocation, AllocateServer, Released,
                                 ReleaseServer, game::HandOver, game::EndMatch, game::ServerLine>;

using LeaderboardMessages =
    Messages<LeaderboardEntry, LeaderboardPage, GetLeaderboard, HistoryEntry, HistoryPage, GetHistory, FinishedPlayer,
             FinishedMatch, GetFinishedMatch, ModeRules, FieldError>;

TEST(GoldenFiles, OfPlayers) { check_messages(ProfileMessages{}); }
TEST(GoldenFiles, OfSessions) { check_messages(SessionMessages{}); }
TEST(GoldenFiles, OfLeaderboardsAndTables) { check_messages(LeaderboardMessages{}); }

}  // namespace

std::vector<std::string> player_messages() {
  auto names = names_of(ProfileMessages{});
  for (auto& name : names_of(SessionMessages{})) names.push_back(std::move(name));
  for (auto& name : names_of(LeaderboardMessages{})) names.push_back(std::move(name));
  return names;
}

}  // namespace mm::golden
