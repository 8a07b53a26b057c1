// Tests matching with 3,000 tickets over NATS, as sent by a game with a lobby of its own; some are sent twice, some are
// cancelled. Every match is checked against the tickets, by the rules of matching, which are implemented here a second
// time. At the end every ticket has exactly one outcome, and no match is possible among the tickets that are still
// queued.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/wire/time_text.h"
#include "tests/e2e/stack/watcher.h"

namespace mm::e2e {
namespace {

constexpr int kTickets = 3'000;
constexpr int kTeamSize = 5;
constexpr unsigned kSeed = 20'261;
const std::vector<std::string> kRegions{"eu-crowd", "us-crowd", "ap-crowd"};

struct Offer {
  std::string id, party, mode, region, body;
  std::map<std::string, double> mmr;        // by player
  std::map<std::string, double> latencies;  // by region; empty: only the ticket's own region
  SteadyPoint asked;
  std::optional<TimePoint> queued_at;
  bool taken_back = false;
  std::vector<std::string> matches;  // of the ticket, in order

  double rating() const {
    double sum = 0;
    for (const auto& [player, value] : mmr) sum += value;
    return sum / static_cast<double>(mmr.size());
  }
};

// The window of a ticket: the largest accepted difference in rating.
double window(const std::string& mode, double waited_ms) {
  const auto widened = [&](double initial, double most, double widen_ms) {
    return initial + (most - initial) * std::min(waited_ms / widen_ms, 1.0);
  };
  return mode == "ranked" ? widened(100, 500, 40'000) : widened(300, 1'500, 20'000);
}

// The ticket accepts its best region at once, and latencies that are 25 ms higher after each 10 s.
bool may_play_in(const Offer& offer, const std::string& region, double waited_ms) {
  if (offer.latencies.empty()) return region == offer.region;
  double best = offer.latencies.begin()->second;
  for (const auto& [name, ms] : offer.latencies) best = std::min(best, ms);
  return offer.latencies.at(region) <= best + 25 * std::floor(waited_ms / 10'000);
}

std::string fresh_id() { return new_uuid(SystemClock{}.now()).to_string(); }

struct Waiting {
  double rating;
  double window;
  int size;
};

// Searches all ways to make two full teams of these tickets.
class Search {
 public:
  explicit Search(std::vector<Waiting> tickets) : tickets_(std::move(tickets)) {
    std::sort(tickets_.begin(), tickets_.end(), [](const auto& a, const auto& b) { return a.rating < b.rating; });
  }
  bool finds_a_match() { return from(0, kTeamSize, kTeamSize); }

 private:
  bool from(std::size_t next, int places_a, int places_b) {
    if (places_a == 0 && places_b == 0) return true;
    if (next == tickets_.size()) return false;
    const auto& ticket = tickets_[next];
    const bool fits = std::all_of(chosen_.begin(), chosen_.end(), [&](const Waiting& other) {
      return std::abs(other.rating - ticket.rating) <= std::min(other.window, ticket.window);
    });
    if (fits) {
      chosen_.push_back(ticket);
      if (ticket.size <= places_a && from(next + 1, places_a - ticket.size, places_b)) return true;
      // Teams have no order, so the first ticket is always put into the first team.
      const bool other_side = chosen_.size() > 1 && ticket.size <= places_b;
      if (other_side && from(next + 1, places_a, places_b - ticket.size)) return true;
      chosen_.pop_back();
    }
    return from(next + 1, places_a, places_b);
  }

  std::vector<Waiting> tickets_;
  std::vector<Waiting> chosen_;
};

class Crowd : public ::testing::Test {
 protected:
  /// Nothing stays queued: windows widen with time, so these tickets could give a match while a later test expects the
  /// stores not to change.
  void TearDown() override {
    for (const auto& [id, offer] : offers_) {
      const auto done = cancel(id);
      EXPECT_TRUE(done || done.error().code == Code::already_matched) << id << ": " << done.error().detail;
    }
  }

  Reply<std::string> send(const std::string& subject, const std::string& body) {
    return watcher_.bus().request(subject, body, Caller{}, Deadline::after(Milliseconds(10'000)));
  }
  std::string naming(const std::string& ticket) const {
    return R"({"tenant":")" + tenant_ + R"(","ticket_id":")" + ticket + "\"}";
  }
  Reply<std::string> status(const std::string& ticket) { return send("matchmaker.status", naming(ticket)); }
  Reply<std::string> cancel(const std::string& ticket) { return send("matchmaker.cancel", naming(ticket)); }
  bool one_in(int n) { return std::uniform_int_distribution<int>(1, n)(random_) == 1; }
  static int refusal(const Reply<std::string>& reply) { return reply ? 200 : reply.error().status(); }

  Offer invent();
  void offer_one();
  void send_again(const Offer& offer, const std::string& answer);
  void take_back();

  void fault(const std::string& what) {
    if (faults_.size() < 20) faults_.push_back(what);
  }
  void read_matches();
  void check_match(const std::string& event);
  void check_ticket(const std::string& match, const std::string& id, const std::vector<std::string>& players,
                    const std::string& event, double waited_ms);
  std::vector<std::string> open_questions();
  bool requeued(const std::string& match, const std::string& ticket);

  const std::string tenant_ = "crowd-" + fresh_id().substr(24);
  Watcher watcher_;
  std::mt19937 random_{kSeed};
  std::map<std::string, Offer> offers_;
  std::vector<std::string> ids_;
  std::size_t events_read_ = 0;
  std::map<std::string, std::string> matches_;  // id -> event
  std::vector<std::string> faults_;
  std::string searching_;  // the number of queued tickets, for the message
};

Offer Crowd::invent() {
  Offer offer;
  offer.id = fresh_id();
  offer.mode = one_in(5) ? "casual" : "ranked";
  offer.region = kRegions[random_() % kRegions.size()];
  const int size = std::vector<int>{1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5}[random_() % 11];
  if (size > 1) offer.party = fresh_id();
  const double centre = std::normal_distribution<double>(1'500, 150)(random_);
  std::string players;
  for (int i = 0; i < size; ++i) {
    const auto player = fresh_id();
    const double mmr = std::round(centre + std::normal_distribution<double>(0, 30)(random_));
    offer.mmr[player] = mmr;
    players += (i > 0 ? "," : "") +
               (R"({"player_id":")" + player + R"(","mmr":)" + std::to_string(mmr) + R"(,"deviation":60})");
  }
  offer.body = R"({"tenant":")" + tenant_ + R"(","ticket_id":")" + offer.id + R"(","mode":")" + offer.mode +
               R"(","region":")" + offer.region + R"(","team_size":5,"players":[)" + players + "]";
  if (!offer.party.empty()) offer.body += R"(,"party_id":")" + offer.party + "\"";
  if (one_in(5)) {
    std::string latencies;
    for (const auto& region : kRegions) {
      offer.latencies[region] = std::vector<double>{15, 30, 60, 120}[random_() % 4];
      latencies += (latencies.empty() ? "\"" : ",\"") + region + "\":" + std::to_string(offer.latencies[region]);
    }
    offer.body += R"(,"latencies":{)" + latencies + "}";
  }
  offer.body += "}";
  return offer;
}

void Crowd::offer_one() {
  auto offer = invent();
  offer.asked = std::chrono::steady_clock::now();
  const auto answer = send("matchmaker.enqueue", offer.body);
  ASSERT_TRUE(answer.ok()) << answer.error().detail << " " << offer.body;
  ASSERT_EQ(member(*answer, "ticket_id"), offer.id);
  const auto bucket = member(*answer, "bucket");
  EXPECT_EQ(bucket.rfind(tenant_ + ":" + offer.mode + ":", 0), 0u) << bucket;
  offer.queued_at = wire::parse_time(member(*answer, "queued_at"));
  ASSERT_TRUE(offer.queued_at) << *answer;
  if (one_in(20)) send_again(offer, *answer);
  ids_.push_back(offer.id);
  offers_.emplace(offer.id, std::move(offer));
  if (one_in(20)) take_back();
}

void Crowd::send_again(const Offer& offer, const std::string& answer) {
  const auto again = send("matchmaker.enqueue", offer.body);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(member(*again, "queued_at"), member(answer, "queued_at"));
  auto other = offer.body;
  other.replace(other.find(offer.region), offer.region.size(), "zz-crowd");
  EXPECT_EQ(refusal(send("matchmaker.enqueue", other)), 409) << "the same ticket with other content";
}

void Crowd::take_back() {
  auto& offer = offers_.at(ids_[random_() % ids_.size()]);
  const auto first = cancel(offer.id);
  if (!first) {
    EXPECT_EQ(first.error().code, Code::already_matched) << first.error().detail;
    return;
  }
  EXPECT_EQ(member(*first, "status"), "CANCELLED");
  const auto second = cancel(offer.id);
  EXPECT_EQ(refusal(second), 200);
  offer.taken_back = true;
}

void Crowd::read_matches() {
  const auto events = watcher_.events("match.found");
  for (; events_read_ < events.size(); ++events_read_) {
    const auto& event = events[events_read_];
    if (member(event, "tenant") != tenant_) continue;
    // An event may be delivered more than once.
    if (matches_.emplace(member(event, "match_id"), event).second) check_match(event);
  }
}

void Crowd::check_match(const std::string& event) {
  const auto match = member(event, "match_id");
  if (size_of(event, "teams") != 2) return fault(match + ": not two teams");
  std::map<std::string, std::vector<std::string>> players;  // by ticket
  std::map<std::string, std::string> team_of;
  std::map<std::string, double> waited;
  for (const std::string team : {"0", "1"}) {
    if (size_of(event, "teams." + team + ".players") != kTeamSize) fault(match + ": team of another size");
    for (int i = 0; i < kTeamSize; ++i) {
      const auto player = member(event, "teams." + team + ".players." + std::to_string(i));
      const auto ticket = member(player, "ticket_id");
      players[ticket].push_back(member(player, "player_id"));
      if (team_of.emplace(ticket, team).first->second != team) fault(match + ": a ticket on both teams");
      waited[ticket] = std::stod(member(player, "waited_ms"));
      const auto offer = offers_.find(ticket);
      if (offer != offers_.end() && member(player, "party_id") != offer->second.party) fault(match + ": another party");
    }
  }
  const double quality = std::stod(member(event, "quality"));
  if (quality < 0 || quality > 1) fault(match + ": quality " + member(event, "quality"));
  for (const auto& [ticket, who] : players) check_ticket(match, ticket, who, event, waited[ticket]);
  for (const auto& [one, ignored] : players) {
    for (const auto& [other, also] : players) {
      if (offers_.count(one) + offers_.count(other) != 2) continue;
      const double gap = std::abs(offers_.at(one).rating() - offers_.at(other).rating());
      const auto& mode = offers_.at(one).mode;
      const double allowed = std::min(window(mode, waited[one]), window(mode, waited[other]));
      if (gap > allowed + 0.1) fault(match + ": gap " + std::to_string(gap) + " over " + std::to_string(allowed));
    }
  }
}

void Crowd::check_ticket(const std::string& match, const std::string& id, const std::vector<std::string>& players,
                         const std::string& event, double waited_ms) {
  const auto found = offers_.find(id);
  if (found == offers_.end()) return fault(match + ": unknown ticket " + id);
  auto& offer = found->second;
  const std::set<std::string> unlike(players.begin(), players.end());
  const bool whole =
      unlike.size() == offer.mmr.size() && players.size() == offer.mmr.size() &&
      std::all_of(players.begin(), players.end(), [&](const auto& player) { return offer.mmr.count(player) == 1; });
  if (!whole) fault(match + ": ticket " + id + " is not whole");
  if (offer.taken_back) fault(match + ": ticket " + id + " was taken back");
  if (member(event, "mode") != offer.mode) fault(match + ": another mode");
  if (!may_play_in(offer, member(event, "region"), waited_ms)) fault(match + ": region of " + id);
  const auto created_at = wire::parse_time(member(event, "created_at"));
  const double there_ms =
      created_at ? std::chrono::duration<double, std::milli>(*created_at - *offer.queued_at).count() : -1;
  if (waited_ms < 0 || waited_ms > there_ms + 100) fault(match + ": waited longer than it was there");
  if (!offer.matches.empty() && !requeued(offer.matches.back(), id)) fault(id + " is in two matches");
  offer.matches.push_back(match);
}

bool Crowd::requeued(const std::string& match, const std::string& ticket) {
  for (const auto& event : watcher_.events("match.cancelled")) {
    if (member(event, "match_id") == match && event.find(ticket) != std::string::npos) return true;
  }
  return false;
}

// The faults, and the tickets without an outcome; empty if every ticket has exactly one outcome.
std::vector<std::string> Crowd::open_questions() {
  read_matches();
  std::vector<std::string> open;
  std::map<std::string, std::vector<Waiting>> waiting;  // by mode and region
  int searching = 0;
  for (const auto& [id, offer] : offers_) {
    const auto answer = status(id);
    if (!answer) {
      open.push_back(id + ": " + answer.error().detail);
      continue;
    }
    const auto state = member(*answer, "status");
    const bool in_match = !offer.matches.empty() && member(*answer, "match_id") == offer.matches.back();
    const bool settled = offer.taken_back ? state == "CANCELLED" : state == "MATCHED" ? in_match : state == "SEARCHING";
    if (!settled) open.push_back(id + " is " + state);
    if (state != "SEARCHING") continue;
    ++searching;
    // The state of two seconds ago, because the planner may not have tried newer possibilities yet.
    const double waited_ms = std::max(0.0, std::stod(member(*answer, "waited_ms")) - 2'000);
    for (const auto& region : kRegions) {
      if (!may_play_in(offer, region, waited_ms)) continue;
      waiting[offer.mode + " " + region].push_back(
          {offer.rating(), window(offer.mode, waited_ms), static_cast<int>(offer.mmr.size())});
    }
  }
  for (auto& [place, tickets] : waiting) {
    if (Search(std::move(tickets)).finds_a_match()) open.push_back(place + ": a match is left");
  }
  searching_ = std::to_string(searching);
  return open;
}

TEST_F(Crowd, EveryTicketIsInOneFairMatchOrTakenBackOrHasNobodyToPlayWith) {
  for (int i = 0; i < kTickets && !HasFatalFailure(); ++i) offer_one();
  ASSERT_EQ(offers_.size(), static_cast<std::size_t>(kTickets));
  const auto last = ids_.back();
  EXPECT_EQ(refusal(cancel(fresh_id())), 404);
  EXPECT_EQ(refusal(status(fresh_id())), 404);

  // Waits until the windows of the last tickets have widened for 20 s.
  EXPECT_TRUE(testing::eventually(
      [&] { return std::chrono::steady_clock::now() - offers_.at(last).asked > std::chrono::seconds(20); }));
  std::vector<std::string> open;
  EXPECT_TRUE(testing::eventually([&] { return (open = open_questions()).empty(); }, Milliseconds(60'000)));
  EXPECT_EQ(open, std::vector<std::string>{}) << searching_ << " tickets still search";
  EXPECT_EQ(faults_, std::vector<std::string>{}) << "of " << matches_.size() << " matches";
  EXPECT_GT(matches_.size(), 300u);
}

TEST_F(Crowd, RefusalsSayWhichFieldAndWhy) {
  const auto entry = [&](const std::string& mode, int size, const std::string& region, const std::string& players) {
    return send("matchmaker.enqueue", R"({"tenant":")" + tenant_ + R"(","mode":")" + mode + R"(","team_size":)" +
                                          std::to_string(size) + R"(,"region":")" + region + R"(","players":[)" +
                                          players + "]}");
  };
  const auto player = R"({"player_id":")" + fresh_id() + R"(","mmr":1500,"deviation":60})";
  const auto other = R"({"player_id":")" + fresh_id() + R"(","mmr":1500,"deviation":60})";
  const auto code = [](const Reply<std::string>& reply) {
    return reply ? std::string("200") : std::string(info(reply.error().code).name);
  };
  EXPECT_EQ(code(entry("nope", 5, "eu-crowd", player)), "unknown_mode");
  EXPECT_EQ(code(entry("ranked", 6, "eu-crowd", player)), "invalid_team_size");
  EXPECT_EQ(code(entry("ranked", 1, "eu-crowd", player + "," + other)), "party_too_large");
  EXPECT_EQ(code(entry("ranked", 5, "Moon", player)), "invalid_fields");
  EXPECT_EQ(code(entry("ranked", 5, "eu-crowd", player + "," + player)), "invalid_fields");
  EXPECT_EQ(code(entry("ranked", 5, "eu-crowd", "")), "invalid_fields");
  EXPECT_EQ(refusal(send("matchmaker.enqueue", "{")), 400);

  // A newer version may send fields that this version does not know.
  const auto known =
      send("matchmaker.enqueue", R"({"tenant":")" + tenant_ +
                                     R"(","mode":"ranked","region":"zz-crowd","later":1,"players":[)" + player + "]}");
  ASSERT_TRUE(known.ok()) << known.error().detail;
  std::string buckets;
  EXPECT_TRUE(testing::eventually([&] {
    buckets = send("matchmaker.queues", R"({"tenant":")" + tenant_ + "\"}").value_or("");
    return member(buckets, "buckets.0.tickets") == "1" && !member(buckets, "buckets.0.owner").empty();
  })) << buckets;
  EXPECT_EQ(member(buckets, "buckets.0.region"), "zz-crowd");

  const auto second =
      send("matchmaker.enqueue",
           R"({"tenant":")" + tenant_ + R"(","mode":"duel","region":"zz-crowd","players":[)" + player + "]}");
  EXPECT_EQ(code(second), "already_queued") << "a player has one ticket";
  EXPECT_EQ(refusal(cancel(member(*known, "ticket_id"))), 200);
}

}  // namespace
}  // namespace mm::e2e
