// Plans one tick over a file of tickets, all of them new; prints its duration and checks each match without the core.
//
//   mm-tick-file FILE [TICKETS] [TEAM_SIZE] [THREADS] [ROUNDS]
//
// A line is `id size mode region rating low high`, separated by tabs or spaces; `high - rating` is the ticket's window,
// the same for all. Each region is a bucket. The time is that of one tick from arrivals to plan (sorting, matching,
// team split), with the buckets planned one after the other or on THREADS threads. Filling the pools is not timed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/planner_threads.h"
#include "services/matchmaker/matching/pool/pool.h"

namespace mm::matching {
namespace {

struct Row {
  int size = 1;
  std::string region;
  double rating = 0;
  double low = 0;
  double high = 0;
};

struct Input {
  std::vector<Row> rows;
  int team_size = 5;
  std::size_t players = 0;
};

struct Checked {
  std::size_t matches = 0;
  std::size_t players = 0;
  std::size_t violations = 0;
  double spread = 0;
  double worst_spread = 0;
  double gap = 0;        ///< between the teams' mean ratings
  double least_gap = 0;  ///< the same for the most even split
};

struct Seconds {
  double wall;
  double cpu;
};

/// The id of ticket number i; number_of() recovers i from it.
TicketId id_of(std::size_t i) {
  Uuid uuid;
  for (std::size_t b = 0; b < 6; ++b) uuid.bytes[b] = static_cast<std::uint8_t>(0x0190'0000'0000ULL >> (40 - 8 * b));
  uuid.bytes[6] = 0x70;
  uuid.bytes[8] = 0x80;
  for (std::size_t b = 0; b < 4; ++b) uuid.bytes[12 + b] = static_cast<std::uint8_t>(i >> (24 - 8 * b));
  const std::uint64_t noise = (i + 1) * 0x9E37'79B9'7F4A'7C15ULL;
  for (std::size_t b = 0; b < 3; ++b) uuid.bytes[9 + b] = static_cast<std::uint8_t>(noise >> (40 + 8 * b));
  return TicketId(uuid);
}

std::size_t number_of(const TicketId& id) {
  std::size_t i = 0;
  for (std::size_t b = 0; b < 4; ++b) i = i << 8 | id.uuid().bytes[12 + b];
  return i;
}

Input read(const char* path, std::size_t most, int team_size) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(2);
  }
  Input input;
  input.team_size = team_size;
  std::string line;
  while (input.rows.size() < most && std::getline(file, line)) {
    std::istringstream text(line);
    std::string id, mode;
    Row row;
    if (!(text >> id >> row.size >> mode >> row.region >> row.rating >> row.low >> row.high)) continue;
    input.players += static_cast<std::size_t>(row.size);
    input.rows.push_back(row);
  }
  return input;
}

struct Buckets {
  ModeRules rules;
  std::vector<std::unique_ptr<Pool>> pools;
};

Buckets fill(const Input& input) {
  constexpr BucketMs kNow = 1'800'000'000'000;
  Buckets buckets;
  buckets.rules.id = *Mode::parse("file");
  if (!input.rows.empty()) {
    buckets.rules.initial_window = buckets.rules.max_window = input.rows[0].high - input.rows[0].rating;
  }
  std::map<std::string, Pool*> by_region;
  for (std::size_t i = 0; i < input.rows.size(); ++i) {
    const Row& row = input.rows[i];
    Pool*& pool = by_region[row.region];
    if (pool == nullptr) {
      buckets.pools.push_back(std::make_unique<Pool>(buckets.rules, input.team_size, default_region()));
      pool = buckets.pools.back().get();
    }
    PoolTicket ticket;
    ticket.id = id_of(i);
    ticket.queued_at = kNow;
    ticket.deadline = kNow + 600'000;
    for (int p = 0; p < row.size; ++p) ticket.players.push_back({PlayerId(ticket.id.uuid()), row.rating, 0});
    pool->upsert(ticket);
  }
  return buckets;
}

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Seconds tick(const Buckets& buckets, PlannerThreads& crew, std::vector<TickPlan>& plans) {
  constexpr BucketMs kNow = 1'800'000'000'000;
  plans.assign(buckets.pools.size(), {});
  std::vector<PlannerMemory> memories(buckets.pools.size());
  const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const double wall = seconds_of(CLOCK_MONOTONIC);
  crew.run(buckets.pools.size(), [&](std::size_t i, Workspace& workspace) {
    plans[i] = plan(*buckets.pools[i], buckets.rules, kNow, memories[i], workspace);
  });
  return {seconds_of(CLOCK_MONOTONIC) - wall, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

/// The smallest difference between two teams' rating sums over all splits of the tickets.
double least_gap(const std::vector<const Row*>& tickets, int team_size) {
  double least = 1e300;
  for (std::uint32_t half = 1; half < 1U << tickets.size(); half += 2) {
    int players = 0;
    double difference = 0;
    for (std::size_t i = 0; i < tickets.size(); ++i) {
      const bool in = (half >> i & 1U) != 0;
      players += in ? tickets[i]->size : 0;
      difference += (in ? 1 : -1) * tickets[i]->rating * tickets[i]->size;
    }
    if (players == team_size) least = std::min(least, std::abs(difference));
  }
  return least;
}

void check_match(const Input& input, const Pool& pool, const TickPlan& plan, const PlannedMatch& match,
                 std::vector<char>& used, Checked& checked) {
  std::vector<const Row*> tickets;
  int players[2] = {0, 0};
  double sum[2] = {0, 0};
  double low = 1e300, high = -1e300, accept_low = -1e300, accept_high = 1e300;
  bool right = true;
  for (const Seat& seat : plan.seats_of(match)) {
    const std::size_t number = number_of(pool.id(seat.slot));
    const Row& row = input.rows.at(number);
    right = right && seat.team < 2 && !std::exchange(used[number], 1);
    tickets.push_back(&row);
    right = right && row.region == tickets[0]->region;
    players[seat.team & 1U] += row.size;
    sum[seat.team & 1U] += row.rating * row.size;
    low = std::min(low, row.rating);
    high = std::max(high, row.rating);
    accept_low = std::max(accept_low, row.low);
    accept_high = std::min(accept_high, row.high);
  }
  right = right && players[0] == input.team_size && players[1] == input.team_size;
  right = right && low >= accept_low && high <= accept_high;
  ++checked.matches;
  checked.players += static_cast<std::size_t>(players[0] + players[1]);
  checked.violations += right ? 0 : 1;
  checked.spread += high - low;
  checked.worst_spread = std::max(checked.worst_spread, high - low);
  checked.gap += std::abs(sum[0] - sum[1]) / input.team_size;
  checked.least_gap += least_gap(tickets, input.team_size) / input.team_size;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: mm-tick-file FILE [TICKETS] [TEAM_SIZE] [THREADS] [ROUNDS]\n");
    return 2;
  }
  const auto number = [&](int i, long otherwise) { return argc > i ? std::atol(argv[i]) : otherwise; };
  const Input input = read(argv[1], static_cast<std::size_t>(number(2, 1'000'000'000)), static_cast<int>(number(3, 5)));
  const auto threads = static_cast<std::size_t>(number(4, 1));
  const long rounds = number(5, 9);
  std::vector<double> wall, cpu;
  PlannerThreads crew(static_cast<int>(threads));
  Checked checked;
  for (long round = 0; round < rounds; ++round) {
    const Buckets buckets = fill(input);
    std::vector<TickPlan> plans;
    const Seconds took = tick(buckets, crew, plans);
    wall.push_back(took.wall * 1e3);
    cpu.push_back(took.cpu * 1e3);
    if (round > 0) continue;
    std::vector<char> used(input.rows.size());
    for (std::size_t i = 0; i < plans.size(); ++i) {
      for (const auto& match : plans[i].matches) {
        check_match(input, *buckets.pools[i], plans[i], match, used, checked);
      }
    }
  }
  const auto matches = static_cast<double>(std::max<std::size_t>(1, checked.matches));
  std::printf(
      "TICK file=%s n=%zu team_size=%d threads=%zu median=%.2fms min=%.2fms cpu=%.2fms matches=%zu "
      "players_matched=%zu/%zu mean_spread=%.1f worst=%.0f mean_gap=%.2f exact_gap=%.2f violations=%zu\n",
      argv[1], input.rows.size(), input.team_size, threads, median(wall), *std::min_element(wall.begin(), wall.end()),
      median(cpu), checked.matches, checked.players, input.players, checked.spread / matches, checked.worst_spread,
      checked.gap / matches, checked.least_gap / matches, checked.violations);
  return checked.violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mm::matching

int main(int argc, char** argv) { return mm::matching::run(argc, argv); }
