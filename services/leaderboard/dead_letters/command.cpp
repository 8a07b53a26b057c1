#include "services/leaderboard/dead_letters/command.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

#include "common/bus/bus.h"
#include "common/contracts/bus_rights.h"
#include "common/runtime/start_errors.h"
#include "common/security/secrets.h"
#include "common/storage/postgres.h"
#include "common/wire/codec.h"
#include "services/leaderboard/dead_letters/store.h"

namespace mm::leaderboard::dead_letters {
namespace {

constexpr const char* kUsage =
    "usage: mm-dead-letters list | show ID | body ID | retry ID | retry all | discard ID | discard all\n";
constexpr Milliseconds kConnectTimeout{5'000};
constexpr Milliseconds kQueryTimeout{5'000};
// nats-server lets a daemon answer a request for 6 s.
constexpr Milliseconds kRetryTimeout{5'000};
constexpr int kPage = 100;
constexpr std::size_t kReasonInList = 60;
constexpr int kFailed = 1;

// Texts of an event come from anywhere. Without control characters they cannot change the terminal.
std::string printable(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return out;
}

std::string text_of(const Problem& problem) {
  std::string text(info(problem.code).name);
  if (!problem.detail.empty()) text += ": " + problem.detail;
  return text;
}

std::string line_of(const Letter& letter) {
  auto reason = printable(letter.reason);
  if (reason.size() > kReasonInList) reason.replace(kReasonInList, std::string::npos, "...");
  char start[256];
  std::snprintf(start, sizeof start, "%6lld  %-24s  %-22s  %-18s  %8lld  %7d  ",
                static_cast<long long>(letter.letter_id), letter.given_up_at.c_str(),
                (letter.stream + "." + letter.consumer).c_str(), printable(letter.event.subject).c_str(),
                static_cast<long long>(letter.bytes), letter.retries);
  return start + reason + "\n";
}

constexpr const char* kHeading =
    "    id  given up at               consumer                subject                bytes  retries  reason\n";

class Command {
 public:
  Command(OperatorStore& store, const Addresses& addresses, const Print& print)
      : store_(store), addresses_(addresses), print_(print) {}

  int list() {
    const auto letters = store_.list(0, kPage + 1, soon());
    if (!letters) return unavailable(letters.error());
    if (letters->empty()) print_("There are no unresolved dead letters.\n");
    else print_(kHeading);
    for (std::size_t i = 0; i < letters->size() && i < kPage; ++i) print_(line_of((*letters)[i]));
    if (letters->size() > kPage) print_("There are more: these are the first " + std::to_string(kPage) + ".\n");
    return 0;
  }

  int show(std::int64_t id) {
    return with_letter(id, [&](const Letter& letter) {
      print_fields(letter);
      const auto& body = letter.event.body;
      if (json::is_clean_text(body)) print_("body: " + printable(body) + "\n");
      else print_("body: not text; mm-dead-letters body " + std::to_string(id) + " writes its bytes\n");
      return 0;
    });
  }

  int body(std::int64_t id) {
    return with_letter(id, [&](const Letter& letter) {
      print_(letter.event.body);
      return 0;
    });
  }

  int retry(std::int64_t id) {
    return with_letter(id, [&](const Letter& letter) {
      if (letter.outcome) return resolved_earlier(id);
      return retry_letter(letter);
    });
  }

  int discard(std::int64_t id) {
    const auto resolved = store_.resolve(id, Outcome::discarded, soon());
    if (!resolved) return unavailable(resolved.error());
    if (!*resolved) return resolved_earlier(id);
    print_("letter " + std::to_string(id) + ": discarded\n");
    return 0;
  }

  /// Calls `act` for each unresolved letter, oldest first, and goes on after a failure.
  int for_all(int (Command::*act)(std::int64_t)) {
    int status = 0;
    std::int64_t after = 0;
    while (true) {
      const auto letters = store_.list(after, kPage, soon());
      if (!letters) return unavailable(letters.error());
      if (letters->empty()) break;
      for (const auto& letter : *letters) {
        const int one = (this->*act)(letter.letter_id);
        if (one == runtime::kExitUnavailable) return one;
        status = std::max(status, one);
        after = letter.letter_id;
      }
    }
    if (after == 0) print_("There are no unresolved dead letters.\n");
    return status;
  }

 private:
  static Deadline soon() { return Deadline::after(kQueryTimeout); }

  int unavailable(const Problem& problem) {
    print_("PostgreSQL: " + text_of(problem) + "\n");
    return runtime::kExitUnavailable;
  }
  int resolved_earlier(std::int64_t id) {
    print_("letter " + std::to_string(id) + ": there is no such unresolved letter\n");
    return kFailed;
  }

  template <class Act>
  int with_letter(std::int64_t id, Act act) {
    const auto letter = store_.find(id, soon());
    if (!letter) return unavailable(letter.error());
    if (!*letter) return resolved_earlier(id);
    return act(**letter);
  }

  void print_fields(const Letter& letter) {
    const auto line = [&](const char* name, const std::string& value) {
      print_(std::string(name) + ": " + printable(value) + "\n");
    };
    line("letter", std::to_string(letter.letter_id));
    line("consumer", letter.stream + "." + letter.consumer);
    line("subject", letter.event.subject);
    line("sequence", std::to_string(letter.event.sequence));
    line("stored at", wire::format_time(letter.event.stored_at));
    line("given up at", letter.given_up_at);
    line("deliveries", std::to_string(letter.deliveries));
    line("reason", letter.reason);
    line("message id", letter.event.message_id);
    line("traceparent", letter.event.traceparent);
    line("signature", letter.event.signature);
    line("retries", std::to_string(letter.retries));
    if (letter.retried_at) line("retried at", *letter.retried_at);
    if (letter.retry_error) line("retry error", *letter.retry_error);
    if (letter.outcome) line("outcome", *letter.outcome + " at " + letter.resolved_at.value_or(""));
    line("bytes", std::to_string(letter.bytes));
  }

  // The handler is idempotent, so a letter whose outcome could not be stored may be retried.
  int retry_letter(const Letter& letter) {
    const auto id = "letter " + std::to_string(letter.letter_id) + ": ";
    if (!connect()) return runtime::kExitUnavailable;
    const auto handled = send(letter);
    if (handled) {
      const auto resolved = store_.resolve(letter.letter_id, Outcome::handled, soon());
      if (!resolved) return unavailable(resolved.error());
      print_(id + "handled\n");
      return 0;
    }
    if (const auto noted = store_.note_failed_retry(letter.letter_id, text_of(handled.error()), soon()); !noted) {
      return unavailable(noted.error());
    }
    print_(id + "not handled: " + printable(text_of(handled.error())) + "\n");
    return kFailed;
  }

  Reply<std::string> send(const Letter& letter) {
    const auto daemon = rights::owner_of(letter.stream, letter.consumer);
    if (daemon.empty()) return refuse(Code::not_found, "no daemon of this version has the consumer");
    RetryEvent request{letter.event};
    request.event.body = security::base64url_encode(letter.event.body);
    auto answer = bus_->request(retry_subject(daemon, {letter.stream, {}}, letter.consumer), wire::encode(request), {},
                                Deadline::after(kRetryTimeout));
    if (!answer && answer.error().code == Code::unavailable && answer.error().detail.empty()) {
      return refuse(Code::unavailable, std::string(daemon) + " does not run, or has no connection to NATS");
    }
    return answer;
  }

  bool connect() {
    if (bus_) return true;
    bus::Options options;
    options.url = addresses_.nats_url;
    options.name = "mm-dead-letters";
    auto bus = bus::Bus::connect(options, metrics_, Deadline::after(kConnectTimeout));
    if (!bus) print_(bus.error() + "\n");
    else bus_ = std::move(*bus);
    return bus_ != nullptr;
  }

  OperatorStore& store_;
  const Addresses& addresses_;
  const Print& print_;
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
};

/// 0 if the word is not an id.
std::int64_t id_of(std::string_view word) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  return error == std::errc{} && end == word.data() + word.size() && id > 0 ? id : 0;
}

}  // namespace

int run_command(const std::vector<std::string_view>& words, const Addresses& addresses, const Print& print) {
  const std::string_view verb = words.empty() ? "" : words[0];
  const std::int64_t id = words.size() == 2 ? id_of(words[1]) : 0;
  const bool all = words.size() == 2 && words[1] == "all";
  const bool takes_all = verb == "retry" || verb == "discard";
  const bool known = (verb == "list" && words.size() == 1) ||
                     (id > 0 && (takes_all || verb == "show" || verb == "body")) || (all && takes_all);
  if (!known) {
    print(kUsage);
    return runtime::kExitUsage;
  }
  if (!storage::check_postgres_url(addresses.postgres_url)) {
    print("MM_POSTGRES_URL is not the URL of a database: run the command in the environment of `make env`\n");
    return runtime::kExitUsage;
  }
  storage::PostgresOptions options;
  options.url = addresses.postgres_url;
  options.application = "mm-dead-letters";
  options.connections = 1;
  storage::Postgres postgres(options);
  OperatorStore store(postgres);
  Command command(store, addresses, print);
  if (verb == "list") return command.list();
  if (verb == "show") return command.show(id);
  if (verb == "body") return command.body(id);
  if (verb == "retry") return all ? command.for_all(&Command::retry) : command.retry(id);
  return all ? command.for_all(&Command::discard) : command.discard(id);
}

}  // namespace mm::leaderboard::dead_letters
