#include "services/simulator/commands/record.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "services/matchmaker/recording/replay.h"
#include "services/simulator/analysis/synthetic.h"
#include "services/simulator/commands/inputs.h"
#include "services/simulator/commands/options.h"

namespace mm::simulator {
namespace {

using matchmaker::recording::FileReplay;
using matchmaker::recording::LeaveReason;
using matchmaker::recording::ReplayCounts;

const OptionTable kRecord{"record",
                          "[options] FILE",
                          {{"--players", "NUMBER", "number of players, who queue, play and queue again (10000)"},
                           {"--minutes", "NUMBER", "recorded time (10)"},
                           {"--seed", "NUMBER", "seed of all random numbers (1)"},
                           {"--tick-ms", "NUMBER", "tick interval (100)"},
                           {"--modes", "FILE", "the mode table (the shipped one)"}}};

const OptionTable kReplay{
    "replay",
    "[options] FILE …",
    {{"--check", "", "report every plan that differs from the recorded one; exit status 1 if there is any"},
     {"--speed", "", "report the speed of the replay"}}};

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string time_text(TimePoint at) {
  const auto seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%03d", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(((at.time_since_epoch().count() % 1000) + 1000) % 1000));
  return text;
}

double recorded_seconds(const ReplayCounts& counts) {
  return static_cast<double>((counts.last - counts.first).count()) / 1000;
}

void print_counts(const std::string& path, const FileReplay& replay) {
  const ReplayCounts& counts = replay.counts;
  std::printf("%s\n", path.c_str());
  std::printf("  %s to %s UTC, %.1f s, %llu ticks\n", time_text(counts.first).c_str(), time_text(counts.last).c_str(),
              recorded_seconds(counts), static_cast<unsigned long long>(counts.ticks));
  std::printf("  %llu bucket starts, %llu plans, %llu tickets with %llu players\n",
              static_cast<unsigned long long>(counts.buckets), static_cast<unsigned long long>(counts.plans),
              static_cast<unsigned long long>(counts.puts), static_cast<unsigned long long>(counts.players));
  std::printf("  tickets that left:");
  for (int why = 0; why < matchmaker::recording::kLeaveReasons; ++why) {
    std::printf("%s %llu %s", why > 0 ? "," : "", static_cast<unsigned long long>(counts.left[why]),
                std::string(matchmaker::recording::name_of(static_cast<LeaveReason>(why))).c_str());
  }
  std::printf("\n  %llu matches planned, with %llu players; %llu plans differ from the recorded ones\n",
              static_cast<unsigned long long>(counts.matches), static_cast<unsigned long long>(counts.matched_players),
              static_cast<unsigned long long>(counts.differences));
  if (counts.gaps > 0) {
    std::printf("  %llu gaps in the recording\n", static_cast<unsigned long long>(counts.gaps));
  }
  if (replay.unfinished) std::printf("  the file has no end: it is being written, or its process was killed\n");
}

void print_speed(const ReplayCounts& counts, double wall, double cpu) {
  const double recorded = recorded_seconds(counts);
  std::printf("  read and replayed in %.3f s (%.3f s of CPU time): %.0f times real time\n", wall, cpu,
              wall > 0 ? recorded / wall : 0.0);
}

}  // namespace

int run_record(Words words) {
  int status = kExitFine;
  const auto options = read_options(kRecord, words, status);
  if (!options) return status;
  if (options->rest().size() != 1) return refuse("record takes the name of one file");
  const auto players = options->whole("--players", 10'000, 1, 1'000'000);
  const auto minutes = options->number("--minutes", 10, 0.01, 10'000);
  const auto seed = options->whole("--seed", 1, 0, 1'000'000'000);
  const auto tick_ms = options->whole("--tick-ms", 100, 10, 1'000);
  for (const auto* number : {&players, &seed, &tick_ms}) {
    if (!*number) return refuse(number->error());
  }
  if (!minutes) return refuse(minutes.error());
  auto modes = load_modes(options->text("--modes", ""));
  if (!modes) return refuse(modes.error(), kExitBadInput);
  const Evening evening{static_cast<int>(*players), *minutes, static_cast<std::uint64_t>(*seed),
                        static_cast<int>(*tick_ms), std::move(*modes)};
  const auto counts = record_evening(evening, options->rest().front());
  if (!counts) return refuse(counts.error(), kExitFailed);
  std::printf("%llu ticks, %llu tickets, %llu matches, %.1f KiB\n", static_cast<unsigned long long>(counts->ticks),
              static_cast<unsigned long long>(counts->queued), static_cast<unsigned long long>(counts->matches),
              static_cast<double>(counts->bytes) / 1024);
  return kExitFine;
}

int run_replay(Words words) {
  int status = kExitFine;
  const auto options = read_options(kReplay, words, status);
  if (!options) return status;
  if (options->rest().empty()) return refuse("replay takes the names of recordings");
  const bool check = options->has("--check");
  for (const std::string& path : options->rest()) {
    const double wall = seconds_of(CLOCK_MONOTONIC);
    const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    const FileReplay replay = matchmaker::recording::replay_file(path);
    const double took = seconds_of(CLOCK_MONOTONIC) - wall;
    print_counts(path, replay);
    if (options->has("--speed")) print_speed(replay.counts, took, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    if (check) {
      for (const auto& difference : replay.differences) {
        std::printf("  %s %s: %s\n", time_text(difference.at).c_str(), difference.bucket.c_str(),
                    difference.what.c_str());
      }
      if (replay.counts.differences > 0) status = std::max(status, kExitFailed);
    }
    if (!replay.failure.empty()) status = refuse(replay.failure, kExitBadInput);
  }
  return status;
}

}  // namespace mm::simulator
