#include "services/simulator/commands/explain.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <random>

#include "common/wire/codec.h"
#include "services/matchmaker/matching/explain/explain.h"
#include "services/simulator/analysis/queue_source.h"
#include "services/simulator/commands/explain_text.h"
#include "services/simulator/commands/inputs.h"
#include "services/simulator/commands/options.h"
#include "services/simulator/world/trial.h"

namespace mm::simulator {
namespace {

const OptionTable kTable{
    "explain",
    "[options] RECORDING    or    explain --population NAME [options] [rules.toml]",
    {{"--population", "NAME", "a shipped population or a file to simulate, under the shipped or the given rules"},
     {"--players", "NUMBER", "number of players (that of the population)"},
     {"--rating-sd", "POINTS", "deviation of the ratings (that of the population)"},
     {"--seed", "NUMBER", "seed of all random numbers (1)"},
     {"--at", "TIME", "from the beginning, seconds or minutes:seconds (the end; a minute after the warm-up)"},
     {"--queue", "NAME", "only queues whose name contains this"},
     {"--ticket", "ID", "only this ticket"},
     {"--longest", "NUMBER", "explain this many of each queue, the longest-waiting ones (1)"},
     {"--sample", "NUMBER", "explain this many of each queue instead, drawn at random"},
     {"--looks", "NUMBER", "number of looks (1)"},
     {"--every", "SECONDS", "time between two looks (10)"},
     {"--check", "", "play on without newcomers and check the explanations; exit status 1 if one is untrue"},
     {"--figures", "", "print only statistics: how definite explanations are, and how long they take"},
     {"--json", "", "print each explanation as a line of JSON"}}};

double cpu_ms() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) * 1e-6;
}

struct Request {
  std::string recording;
  std::optional<Population> population;
  ModeRules rules;  ///< rules of the population's mode
  std::uint64_t seed = 1;
  Looks looks;
  std::string queue;
  std::optional<TicketId> ticket;
  std::size_t longest = 1;
  std::size_t sample = 0;
  bool check = false, figures = false, json = false;
};

/// Parses "75.5", "1:15.5" or "0:01:15.5".
std::optional<matching::BucketMs> parse_time(std::string_view text) {
  double seconds = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    double part = 0;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, part, std::chars_format::fixed);
    if (error != std::errc() || stop != text.data() + end || !(part >= 0 && part < 1e7)) return std::nullopt;
    seconds = seconds * 60 + part;
    begin = end + 1;
  }
  return std::llround(seconds * 1000);
}

Result<Done, std::string> read_population(const Options& options, Request& request) {
  auto populations = load_populations({options.text("--population", "")});
  if (!populations) return fail(populations.error());
  Population& population = populations->front();
  const auto players = options.whole("--players", population.players, 2, 2'000'000);
  if (!players) return fail(players.error());
  population.players = static_cast<int>(*players);
  const auto sd = options.number("--rating-sd", 0, 0, 5'000);
  if (!sd) return fail(sd.error());
  if (options.has("--rating-sd")) {
    for (RatingGroup& group : population.ratings) group.sd = *sd;
  }
  if (options.rest().size() > 1) return fail(std::string("explain takes one rules.toml"));
  const auto modes = load_modes(options.rest().empty() ? "" : options.rest().front());
  if (!modes) return fail(modes.error());
  const auto rules = rules_for(population, *modes);
  if (!rules) return fail(rules.error());
  request.rules = *rules;
  request.population = population;
  return Done{};
}

Result<Done, std::string> read_source(const Options& options, Request& request) {
  if (options.has("--population")) return read_population(options, request);
  for (const char* name : {"--players", "--rating-sd", "--seed"}) {
    if (options.has(name)) return fail(std::string(name) + " needs --population");
  }
  if (options.rest().size() != 1) return fail(std::string("explain takes a recording, or --population"));
  request.recording = options.rest().front();
  return Done{};
}

Result<Done, std::string> read_looks(const Options& options, Request& request) {
  const auto count = options.whole("--looks", 1, 1, 1'000'000);
  const auto every = options.number("--every", 10, 0.1, 1e6);
  if (!count) return fail(count.error());
  if (!every) return fail(every.error());
  request.looks = {0, std::llround(*every * 1000), static_cast<int>(*count)};
  if (options.has("--at")) {
    const auto at = parse_time(options.text("--at", ""));
    if (!at) return fail("--at takes seconds or minutes:seconds, not " + options.text("--at", ""));
    request.looks.first = *at;
  } else if (request.population) {
    request.looks.first = std::llround((request.population->warm_up_minutes + 1) * 60'000);
  } else {
    const auto length = recorded_ms(request.recording);
    if (!length) return fail(length.error());
    request.looks.first = std::max<matching::BucketMs>(0, *length - (request.looks.last() - request.looks.first));
  }
  return Done{};
}

Result<Request, std::string> read_request(const Options& options) {
  Request request;
  if (const auto source = read_source(options, request); !source) return fail(source.error());
  if (const auto looks = read_looks(options, request); !looks) return fail(looks.error());
  const auto seed = options.whole("--seed", 1, 0, 1'000'000'000);
  const auto longest = options.whole("--longest", 1, 1, 1'000'000);
  const auto sample = options.whole("--sample", 0, 1, 1'000'000);
  for (const auto* number : {&seed, &longest, &sample}) {
    if (!*number) return fail(number->error());
  }
  request.seed = static_cast<std::uint64_t>(*seed);
  request.longest = static_cast<std::size_t>(*longest);
  request.sample = static_cast<std::size_t>(*sample);
  request.queue = options.text("--queue", "");
  if (options.has("--ticket")) {
    request.ticket = TicketId::parse(options.text("--ticket", ""));
    if (!request.ticket) return fail("--ticket takes the id of a ticket, not " + options.text("--ticket", ""));
  }
  request.check = options.has("--check");
  request.figures = options.has("--figures");
  request.json = options.has("--json");
  return request;
}

/// Explains the chosen tickets of each look, and prints the explanations.
class ExplainPrinter {
 public:
  explicit ExplainPrinter(const Request& request) : request_(request), random_(request.seed) {}

  void look(const Look& seen) {
    at_ = seen.at;
    for (const QueueView& queue : seen.queues) {
      if (queue.name.find(request_.queue) == std::string::npos) continue;
      ++queues_;
      const auto slots = chosen(queue);
      if (!slots.empty()) explain_all(queue, slots);
    }
  }

  int finish() const {
    if (figures_.tickets() == 0) return refuse(nobody(), kExitBadInput);
    if (request_.figures) std::fputs(figures_.text().c_str(), stdout);
    return figures_.untrue() > 0 ? kExitFailed : kExitFine;
  }

 private:
  std::string nobody() const {
    const std::string when = " at " + clock_text(at_);
    if (queues_ == 0 && !request_.queue.empty())
      return "--queue: no ticket waits in a queue with " + request_.queue + when;
    if (request_.ticket) return "--ticket: " + request_.ticket->to_string() + " does not wait" + when;
    return "--at: no ticket waits" + when;
  }

  std::vector<matching::Slot> chosen(const QueueView& queue) {
    if (request_.ticket) {
      const auto slot = queue.pool.slot_of(*request_.ticket);
      return slot ? std::vector<matching::Slot>{*slot} : std::vector<matching::Slot>{};
    }
    std::vector<matching::Slot> slots;
    queue.pool.sorted().for_each([&](const matching::Waiter& waiter) { slots.push_back(waiter.slot); });
    const auto most =
        static_cast<std::ptrdiff_t>(std::min(request_.sample > 0 ? request_.sample : request_.longest, slots.size()));
    if (request_.sample > 0) {
      std::shuffle(slots.begin(), slots.end(), random_);
    } else {
      std::stable_sort(slots.begin(), slots.end(), [&](matching::Slot a, matching::Slot b) {
        return queue.pool.queued_at(a) < queue.pool.queued_at(b);
      });
    }
    slots.erase(slots.begin() + most, slots.end());
    return slots;
  }

  void explain_all(const QueueView& queue, const std::vector<matching::Slot>& slots) {
    figures_.look(queue.pool.size());
    if (!request_.figures && !request_.json) {
      std::printf("%s at %s: %zu tickets with %zu players wait\n\n", queue.name.c_str(), clock_text(at_).c_str(),
                  queue.pool.size(), queue.pool.players());
    }
    std::vector<Explanation> all;
    matching::BucketMs until = queue.ticks.first;
    for (const matching::Slot slot : slots) {
      const double begin = cpu_ms();
      const auto around = matching::copy_neighbourhood(queue.pool, queue.now, queue.memory, slot);
      const double copied = cpu_ms();
      all.push_back(matching::explain(around, queue.ticks));
      figures_.explained(all.back(), copied - begin, cpu_ms() - copied);
      until = std::max(until, claims_until(all.back(), queue.ticks));
    }
    std::optional<Standstill> still;
    std::map<TicketId, Standstill::End> ends;
    if (request_.check) ends = still.emplace(queue).play_on(until);
    for (const Explanation& explanation : all)
      print(explanation, still ? check_claims(explanation, *still, ends) : std::vector<Claim>{});
  }

  // Untrue claims are printed to standard error even if nothing else is printed.
  void print(const Explanation& explanation, const std::vector<Claim>& claims) {
    if (request_.check) figures_.checked(claims);
    if (request_.json) std::printf("%s\n", wire::encode(explanation).c_str());
    else if (!request_.figures) std::printf("%s", explanation_text(explanation).c_str());
    for (const Claim& claim : claims) {
      if (request_.json || request_.figures) {
        if (!claim.is_true) {
          std::fprintf(stderr, "mm-sim: %s at %s: %s\n", explanation.ticket_id.to_string().c_str(),
                       clock_text(at_).c_str(), claim.finding.c_str());
        }
      } else {
        std::printf("  check: %s\n", claim.finding.c_str());
      }
    }
    if (!request_.json && !request_.figures) std::printf("\n");
  }

  const Request& request_;
  std::mt19937_64 random_;
  matching::BucketMs at_ = 0;
  int queues_ = 0;
  ExplainFigures figures_;
};

}  // namespace

int run_explain(Words words) {
  int status = kExitFine;
  const auto options = read_options(kTable, words, status);
  if (!options) return status;
  const auto request = read_request(*options);
  if (!request) return refuse(request.error(), kExitBadInput);
  ExplainPrinter printer(*request);
  const TakeLook take = [&printer](const Look& seen) { printer.look(seen); };
  if (request->population) {
    look_at_population(*request->population, request->rules, request->seed, request->looks, take);
  } else if (const auto played = look_at_recording(request->recording, request->looks, take); !played) {
    return refuse(played.error(), kExitBadInput);
  }
  return printer.finish();
}

}  // namespace mm::simulator
