#include "tests/chaos/bots/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/security/secrets.h"

namespace mm::chaos {
namespace {

constexpr std::size_t kHashDigits = 16;
constexpr std::array<std::string_view, 6> kOfEveryLine{"t", "w", "n", "i", "op", "ph"};

template <class Unit, class Clock>
std::string count_of(std::chrono::time_point<Clock> now) {
  return std::to_string(std::chrono::duration_cast<Unit>(now.time_since_epoch()).count());
}

}  // namespace

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::invoke: return "invoke";
    case Phase::ok: return "ok";
    case Phase::fail: return "fail";
    case Phase::info: break;
  }
  return "info";
}

Fields& Fields::add_json(std::string_view key, std::string_view json) {
  const bool reserved = std::find(kOfEveryLine.begin(), kOfEveryLine.end(), key) != kOfEveryLine.end();
  check(!reserved, "a member that every line of a history has would be written twice");
  ((text_ += ",\"") += key) += "\":";
  text_ += json;
  return *this;
}

Fields& Fields::add_all(const Fields& more) {
  text_ += more.text_;
  return *this;
}

std::string hash_of(std::string_view secret) { return security::sha256_hex(secret).substr(0, kHashDigits); }

Result<History, std::string> History::open(const std::string& path, std::string name) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return fail("cannot open " + path + ": " + std::strerror(errno));
  return History(file, std::move(name));
}

History::History(History&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      name_(std::move(other.name_)),
      last_number_(other.last_number_),
      lines_(other.lines_) {}

History::~History() {
  if (file_ >= 0) ::close(file_);
}

std::int64_t History::begin(std::string_view op, const Fields& fields) {
  write(++last_number_, op, Phase::invoke, fields);
  return last_number_;
}

void History::end(std::int64_t number, std::string_view op, Phase phase, const Fields& fields) {
  write(number, op, phase, fields);
}

void History::fact(std::string_view op, const Fields& fields) { write(++last_number_, op, Phase::ok, fields); }

void History::write(std::int64_t number, std::string_view op, Phase phase, const Fields& fields) {
  std::string line = "{\"t\":" + count_of<std::chrono::microseconds>(std::chrono::steady_clock::now());
  line += ",\"w\":" + count_of<std::chrono::milliseconds>(std::chrono::system_clock::now());
  line += ",\"n\":\"" + name_ + "\",\"i\":" + std::to_string(number) + ",\"op\":\"";
  ((line += op) += "\",\"ph\":\"") += name_of(phase);
  ((line += '"') += fields.text()) += "}\n";
  ssize_t written = 0;
  do {
    written = ::write(file_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(line.size())) {
    std::fprintf(stderr, "the history cannot be written: %s\n", written < 0 ? std::strerror(errno) : "a cut line");
    std::_Exit(kExitNotWritten);
  }
  ++lines_;
}

}  // namespace mm::chaos
