// Whatever players do concurrently, a part of a party is never in the queue: a queued ticket has exactly the members of
// its party, and a player who is queued alone is in no party. A script of the test checks all of Redis at one instant,
// again and again, while threads make random requests.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

// Returns a sentence for each player who is in the queue but must not be.
constexpr std::string_view kFindViolations = R"(#!lua
local prefix, found = KEYS[1], {}
local held = redis.call('HGETALL', prefix .. 'claim')
for i = 1, #held, 2 do
  local player, ticket = held[i], string.match(held[i + 1], '^t:(.+)')
  if ticket then
    local t = redis.call('HMGET', prefix .. 'ticket:' .. ticket, 'state', 'party', 'players')
    local party = redis.call('HGET', prefix .. 'member', player) or ''
    local members, waiting = 0, 0
    for _ in string.gmatch(t[3], '[^,]+') do waiting = waiting + 1 end
    if party ~= '' then
      for _, field in ipairs(redis.call('HKEYS', prefix .. 'party:' .. party)) do
        if string.sub(field, 1, 2) == 'm:' then members = members + 1 end
      end
    end
    if t[1] ~= 'queued' or t[2] ~= party or (party ~= '' and members ~= waiting) then
      found[#found + 1] = player .. ' waits (' .. t[1] .. ') for party "' .. t[2] .. '" with ' .. waiting ..
        ', is in "' .. party .. '" with ' .. members
    end
  end
end
return found
)";

class HalfParty : public ::testing::Test {
 protected:
  static constexpr int kPlayers = 6;
  static constexpr int kSteps = 150;

  HalfParty() {
    for (int i = 0; i < kPlayers; ++i) gamers.push_back(std::make_unique<Gamer>(stack, "g", Gamer::Socket::none));
  }

  std::vector<std::string> find_violations() {
    static const storage::Script script("find_violations", kFindViolations);
    const auto found = stack.queue.eval(script, {"mm:{default}:"}, {}, Deadline::after(Milliseconds{5'000}));
    std::vector<std::string> sentences;
    if (!found) return {found.error().text};
    for (const auto& item : found->items) sentences.push_back(item.text);
    return sentences;
  }

  std::optional<Party> party_of_player(const Gamer& gamer) {
    auto party = gamer.send(GetParty{std::nullopt, gamer.id});
    return party ? std::optional(*party) : std::nullopt;
  }

  /// Makes a random request of a player.
  void act(const Gamer& self, std::mt19937& random) {
    const auto any = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most - 1)(random); };
    const Gamer& other = *gamers[any(gamers.size())];
    const auto own = party_of_player(self);
    const auto theirs = party_of_player(other);
    switch (any(own ? 8 : 4)) {
      case 0: (void)self.create(); return;
      case 1:
      case 2:
        if (theirs) (void)self.join(theirs->party_id);
        return;
      case 3: queue_alone(self); return;
      case 4: (void)self.leave(own->party_id); return;
      case 5:
        if (const auto ticket = own->ticket_id) (void)self.cancel(*ticket);
        return;
      case 6: (void)self.kick(own->party_id, other); return;
      default:
        for (const auto& member : own->members) {
          for (const auto& gamer : gamers) {
            if (gamer->id == member.player_id) (void)gamer->ready(own->party_id);
          }
        }
        if (const auto ticket = self.queue(own->party_id)) match_and_cancel(ticket->ticket_id);
    }
  }

  void queue_alone(const Gamer& gamer) {
    const auto ticket = gamer.queue_alone();
    if (!ticket) return;
    std::lock_guard lock(mutex);
    if (++queued % 2 == 0) {
      (void)gamer.cancel(ticket->ticket_id);
    } else {
      match_and_cancel(ticket->ticket_id);
    }
  }

  /// Matches the ticket and cancels the match a few steps later; then the ticket is queued again, if allowed.
  void match_and_cancel(TicketId ticket) {
    try {
      const auto match = stack.matchmaker->match(default_tenant(), {ticket});
      std::lock_guard lock(matches_mutex);
      matches.emplace_back(match, ticket);
      if (matches.size() < 4) return;
      stack.matchmaker->apply_cancelled(matches.front().first, {matches.front().second});
      matches.erase(matches.begin());
    } catch (const std::runtime_error&) {
      // The ticket was cancelled before it was matched.
    }
  }

  Stack& stack = Stack::shared();
  std::vector<std::unique_ptr<Gamer>> gamers;
  std::mutex mutex, matches_mutex;
  int queued = 0;
  std::vector<std::pair<MatchId, TicketId>> matches;
};

TEST_F(HalfParty, IsNeverInTheQueueUnderConcurrentRequests) {
  const auto seed = std::random_device{}();
  std::atomic<int> acting{kPlayers};
  std::vector<std::thread> threads;
  for (int i = 0; i < kPlayers; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937 random(seed + static_cast<unsigned>(i));
      for (int step = 0; step < kSteps; ++step) act(*gamers[static_cast<std::size_t>(i)], random);
      --acting;
    });
  }
  std::vector<std::string> found;
  int searches = 0;
  while (acting > 0 && found.empty()) {
    found = find_violations();
    ++searches;
  }
  for (auto& thread : threads) thread.join();
  if (found.empty()) found = find_violations();
  EXPECT_TRUE(found.empty()) << "seed " << seed << ": " << found.front();
  EXPECT_GT(searches, 10);
}

}  // namespace
}  // namespace mm::testing
