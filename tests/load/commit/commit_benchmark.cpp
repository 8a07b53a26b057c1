// Measures what leases, the check of redis-server's process and the record for the sender of match.found add to a
// commit: the shipped script, and the same script without them, on a Redis "queue" with the shipped configuration. Both
// commit batches of 50 duels, as a tick does. Compare the two in one run:
//   mm-commit-benchmark --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true
#include <benchmark/benchmark.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/storage/redis.h"
#include "common/testing/connections.h"
#include "services/matchmaker/queue/scripts.h"

namespace mm::matchmaker {
namespace {

using storage::Arguments;
using storage::RedisCommand;
using storage::Script;

constexpr int kMatches = 50;
const std::string kTenant = "mm:{bench}:";
const std::string kBucket = "bench:duel:eu-west:1";

std::string without(std::string text, const std::string& part) {
  const auto at = text.find(part);
  if (at == std::string::npos) throw std::runtime_error("the script has no more: " + part);
  return text.erase(at, part.size());
}

/// Lives as long as the program, as a Script needs it.
std::string unprotected_source() {
  auto text = std::string(scripts::kCommit.source());
  text = without(std::move(text), "if run_id() ~= run then\n  return {'unverified'}\nend\n");
  text = without(std::move(text),
                 "if redis.call('HGET', prefix .. 'lease:' .. partition, 'token') ~= token then\n  return "
                 "{'lost'}\nend\n");
  text = without(std::move(text), "redis.call('HSET', prefix .. 'live', match, found)\n");
  text = without(std::move(text), "redis.call('ZADD', prefix .. 'unconfirmed', now, match)\n");
  return text;
}

class Queue {
 public:
  Queue() {
    const auto info = redis_.command({"INFO", "server"}, soon());
    const auto at = info->text.find("run_id:") + 7;
    run_ = info->text.substr(at, info->text.find('\r', at) - at);
  }

  /// Queues two tickets for each match of a batch, and removes what the batch before has left.
  void fill() {
    std::vector<Arguments> commands{{"FLUSHDB"}, {"HSET", kTenant + "lease:0", "token", "1-bench", "offset_ms", "0"}};
    for (int i = 0; i < 2 * kMatches; ++i) {
      const auto id = ticket(i), player = "player-" + std::to_string(i);
      commands.push_back({"HSET", kTenant + "ticket:" + id, "state", "queued", "attempt", "1", "change",
                          std::to_string(i + 1), "deadline", "9999999999999", "players", player + "|1500|60", "buckets",
                          kBucket});
      commands.push_back({"ZADD", kTenant + "q:" + kBucket, std::to_string(i + 1), id});
      commands.push_back({"HSET", kTenant + "claim", player, "t:" + id});
    }
    std::vector<RedisCommand> pipeline;
    for (auto& command : commands) pipeline.push_back({std::move(command), nullptr, {}});
    const auto replies = redis_.pipeline(pipeline, soon());
    if (!replies) throw std::runtime_error("Redis does not answer");
  }

  void commit(const Script& script) {
    std::vector<RedisCommand> commands;
    for (int i = 0; i < kMatches; ++i) {
      commands.push_back({{run_, "0", "1-bench", kBucket, "match-" + std::to_string(i), found_, ticket(2 * i), "1",
                           ticket(2 * i + 1), "1"},
                          &script,
                          {kTenant}});
    }
    const auto replies = redis_.pipeline(commands, soon());
    for (const auto& reply : replies.value()) {
      if (reply.items.empty() || reply.items[0].text != "ok") throw std::runtime_error("a commit was refused");
    }
  }

 private:
  static Deadline soon() { return testing::soon(); }
  static std::string ticket(int number) { return "ticket-" + std::to_string(number); }

  testing::OwnRedis server_{testing::OwnRedis::Instance::queue};
  storage::Redis redis_{testing::redis_options(server_)};
  std::string run_;
  // As long as the match.found of a duel.
  const std::string found_ = "{\"teams\":\"" + std::string(780, 'x') + "\"}";
};

void commit(benchmark::State& state, const Script& script) {
  static Queue queue;
  for (auto _ : state) {
    queue.fill();
    const auto began = std::chrono::steady_clock::now();
    queue.commit(script);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  state.SetItemsProcessed(state.iterations() * kMatches);
}

void shipped(benchmark::State& state) { commit(state, scripts::kCommit); }
void without_leases_and_outbox(benchmark::State& state) {
  static const auto source = unprotected_source();
  static const Script script("commit_unprotected", source);
  commit(state, script);
}
BENCHMARK(shipped)->UseManualTime()->Iterations(400);
BENCHMARK(without_leases_and_outbox)->UseManualTime()->Iterations(400);

}  // namespace
}  // namespace mm::matchmaker

BENCHMARK_MAIN();
