// Load test of the matchmaker: measures how many tickets a second it accepts and matches, and the latencies. Starts the
// real daemon, a nats-server and Redis (AOF everysec), and simulates a session that confirms every match; all on this
// machine.
//
//   mm-enqueue-load [--rate N | --in-flight N] [--seconds N] [--mode ranked|duel] [--team-size N] [--spread N]
//                   [--waiting N] [--record DIR]
//
//   --rate N       enqueue N tickets a second, evenly spaced (latencies are counted from the time a ticket was due)
//   --in-flight N  enqueue as fast as answers arrive, with N requests unanswered (default: 32)
//   --spread N     standard deviation of the ratings (default: 300); rare ratings wait until their windows are widest
//   --waiting N    first enqueue N tickets that can never be matched (parties of 3, in another region)
//   --record DIR   folder for the recording of the matchmaker
//
// Prints the rate of answers, the latency of enqueues, the time from enqueue to match.found, and the CPU time and
// memory of the matchmaker. Exits with 1 if as many tickets as a match takes, or more, were not matched.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "common/contracts/matchmaker.h"
#include "tests/load/enqueue/scene.h"

namespace mm::load {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  double rate = 0;  ///< 0: as fast as answers arrive
  int in_flight = 32;
  double seconds = 20;
  std::string mode = "ranked";
  int team_size = 5;
  int waiting = 0;
  double spread = 300;
  std::string record_dir;
};

double now_ms() { return std::chrono::duration<double, std::milli>(Clock::now().time_since_epoch()).count(); }

/// A version 7 id with `kind` in its third group and `number` in its last eight digits.
std::string id_of(std::uint32_t kind, std::uint32_t number) {
  const auto ms = static_cast<unsigned long long>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  char text[40];
  std::snprintf(text, sizeof text, "%08llx-%04llx-7%03x-8000-0000%08x", ms >> 16 & 0xFFFF'FFFFULL, ms & 0xFFFFULL,
                kind & 0xFFFU, number);
  return text;
}

class Load {
 public:
  Load(Scene& scene, const Options& options) : scene_(scene), options_(options), random_(7) {
    const auto most = static_cast<std::size_t>(options.rate > 0 ? options.rate * options.seconds + 1 : 4'000'000);
    due_.resize(most);
    answered_.assign(most, 0);
    found_ = std::vector<std::atomic<float>>(most);
    scene.on_found([this](std::string_view body) { note_found(body); });
  }

  int run() {
    enqueue_waiting_tickets();
    const double cpu = scene_.matchmaker_seconds();
    const double began = now_ms();
    options_.rate > 0 ? send_at_fixed_rate() : send_as_answers_arrive();
    await_answers();
    const double took = (now_ms() - began) / 1000;
    await_matches();
    report(took, scene_.matchmaker_seconds() - cpu);
    return left_over() < players_of_a_match() ? 0 : 1;
  }

 private:
  std::size_t players_of_a_match() const { return 2 * static_cast<std::size_t>(options_.team_size); }

  void enqueue_waiting_tickets() {
    if (options_.waiting == 0) return;
    std::atomic<int> answers = 0;
    std::atomic<int> refused = 0;
    for (int i = 0; i < options_.waiting; ++i) {
      while (i - answers > 512) std::this_thread::sleep_for(std::chrono::microseconds(200));
      std::string players;
      for (std::uint32_t p = 0; p < 3; ++p) {
        players += (p > 0 ? "," : "") +
                   ("{\"player_id\":\"" + id_of(3 + p, static_cast<std::uint32_t>(i)) + "\",\"mmr\":1500}");
      }
      send("{\"ticket_id\":\"" + id_of(2, static_cast<std::uint32_t>(i)) +
               "\",\"mode\":\"ranked\",\"region\":\"us-east\",\"team_size\":5,\"players\":[" + players + "]}",
           [&](bool ok) {
             refused += ok ? 0 : 1;
             ++answers;
           });
    }
    while (answers < options_.waiting) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::printf("%d tickets wait (%d refused)\n", options_.waiting - refused, refused.load());
  }

  template <class Done>
  void send(std::string body, Done done) {
    scene_.requests().request(Enqueue::kSubject.text, std::move(body), Caller{}, {},
                              Deadline::after(Milliseconds{5'000}),
                              [done = std::move(done)](Reply<std::string> reply) mutable { done(reply.ok()); });
  }

  void enqueue(std::size_t number, double due) {
    due_[number] = due;
    const auto n = static_cast<std::uint32_t>(number);
    const double rating = std::clamp(rating_(random_), 0.0, 3000.0);
    char body[400];
    std::snprintf(body, sizeof body,
                  "{\"ticket_id\":\"%s\",\"mode\":\"%s\",\"region\":\"eu-west\",\"team_size\":%d,\"players\":[{"
                  "\"player_id\":\"%s\",\"mmr\":%.1f}]}",
                  id_of(0, n).c_str(), options_.mode.c_str(), options_.team_size, id_of(1, n).c_str(), rating);
    send(body, [this, number](bool ok) {
      answered_[number] = now_ms();
      refused_ += ok ? 0 : 1;
      ++answers_;
      if (options_.rate > 0) return;
      const std::lock_guard lock(mutex_);
      answer_received_.notify_one();
    });
    ++sent_;
  }

  void send_at_fixed_rate() {
    const double began = now_ms();
    const auto all = static_cast<std::size_t>(options_.rate * options_.seconds);
    for (std::size_t i = 0; i < all; ++i) {
      const double due = began + static_cast<double>(i) * 1000 / options_.rate;
      const double ahead = due - now_ms();
      if (ahead > 0.2) std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(ahead));
      enqueue(i, due);
    }
  }

  void send_as_answers_arrive() {
    const double end = now_ms() + options_.seconds * 1000;
    for (std::size_t i = 0; now_ms() < end && i < due_.size(); ++i) {
      std::unique_lock lock(mutex_);
      answer_received_.wait(lock, [&] { return sent_ - answers_ < static_cast<std::size_t>(options_.in_flight); });
      lock.unlock();
      enqueue(i, now_ms());
    }
  }

  void await_answers() const {
    while (answers_ < sent_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  /// Waits until fewer tickets are unmatched than a match takes. Gives up if no ticket was matched for 45 s, because
  /// tickets with rare ratings wait until their windows are widest.
  void await_matches() const {
    constexpr double kTimeoutMs = 45'000;
    double last_change = now_ms();
    for (std::size_t seen = 0; now_ms() - last_change < kTimeoutMs && left_over() >= players_of_a_match();) {
      if (const std::size_t found = found_count_; found > seen) {
        seen = found;
        last_change = now_ms();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  void note_found(std::string_view body) {
    const auto at = static_cast<float>(now_ms() - zero_);
    constexpr std::string_view kKey = "\"ticket_id\":\"";
    for (auto i = body.find(kKey); i != std::string_view::npos; i = body.find(kKey, i + 1)) {
      const std::string id(body.substr(i + kKey.size(), 36));
      if (id.size() < 36 || id.compare(15, 3, "000") != 0) continue;
      const auto number = std::strtoul(id.c_str() + 28, nullptr, 16);
      if (number >= found_.size() || found_[number] > 0) continue;  // a duplicate event
      found_[number] = at;
      ++found_count_;
    }
  }

  std::size_t left_over() const { return sent_ - refused_ - found_count_; }

  static void print(const char* what, std::vector<double> ms) {
    std::sort(ms.begin(), ms.end());
    const auto at = [&](double share) {
      return ms.empty() ? 0 : ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    std::printf("%-24s ms: p50 %7.1f  p90 %7.1f  p99 %7.1f  max %7.1f\n", what, at(0.5), at(0.9), at(0.99), at(1));
  }

  void report(double took, double cpu) const {
    std::vector<double> answers, matches;
    for (std::size_t i = 0; i < sent_; ++i) {
      answers.push_back(answered_[i] - due_[i]);
      if (found_[i] > 0) matches.push_back(static_cast<double>(found_[i]) + zero_ - due_[i]);
    }
    const auto sent = static_cast<double>(sent_);
    std::printf("tickets %zu in %.1f s: %.0f a second, %zu refused; matched %zu, left %zu\n", sent_.load(), took,
                sent / took, refused_.load(), found_count_.load(), left_over());
    print("enqueue to answer", std::move(answers));
    print("enqueue to match.found", std::move(matches));
    std::printf("matchmaker: %.1f us of CPU a ticket, %.0f MiB\n", cpu * 1e6 / sent, scene_.matchmaker_memory());
  }

  Scene& scene_;
  const Options options_;
  const double zero_ = now_ms() - 1;
  std::mt19937_64 random_;
  std::normal_distribution<double> rating_{1500, options_.spread};
  std::vector<double> due_, answered_;
  std::vector<std::atomic<float>> found_;
  std::atomic<std::size_t> sent_ = 0, answers_ = 0, refused_ = 0, found_count_ = 0;
  std::mutex mutex_;
  std::condition_variable answer_received_;
};

int usage() {
  std::fprintf(stderr,
               "usage: mm-enqueue-load [--rate N | --in-flight N] [--seconds N] [--mode M] [--team-size N] "
               "[--waiting N] [--record DIR]\n");
  return 2;
}

int main_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const double value = std::atof(argv[i + 1]);
    if (name == "--rate") options.rate = value;
    else if (name == "--in-flight") options.in_flight = static_cast<int>(value);
    else if (name == "--seconds") options.seconds = value;
    else if (name == "--mode") options.mode = argv[i + 1];
    else if (name == "--team-size") options.team_size = static_cast<int>(value);
    else if (name == "--spread") options.spread = value;
    else if (name == "--waiting") options.waiting = static_cast<int>(value);
    else if (name == "--record") options.record_dir = argv[i + 1];
    else return usage();
  }
  if (argc % 2 == 0 || options.seconds <= 0 || options.in_flight < 1) return usage();
  std::string program(4096, '\0');
  program.resize(
      static_cast<std::size_t>(std::max<ssize_t>(0, ::readlink("/proc/self/exe", program.data(), program.size()))));
  Scene scene(program.substr(0, program.rfind('/')) + "/matchmaker", options.record_dir);
  std::printf("nats-server at %s\n", scene.nats_url().c_str());
  std::fflush(stdout);
  Load load(scene, options);
  return load.run();
}

}  // namespace
}  // namespace mm::load

int main(int argc, char** argv) {
  try {
    return mm::load::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
