#include "common/storage/refusals.h"

#include <span>

namespace mm::storage {
namespace {

struct Words {
  std::string_view in_text;
  const char* reason;
};

const char* find(std::span<const Words> all, std::string_view text, const char* otherwise) {
  for (const auto& words : all) {
    if (text.find(words.in_text) != std::string_view::npos) return words.reason;
  }
  return otherwise;
}

constexpr const char* kNobody = "nothing listens at its address";
constexpr const char* kLogin = "it refuses the login";
constexpr const char* kSilent = "it does not answer in time";
constexpr const char* kFull = "its disk is full";
constexpr const char* kReadOnly = "it is read-only";

// The first match counts.
constexpr Words kPostgres[] = {
    {"starting up", "it is starting up"},
    {"shutting down", "it is shutting down"},
    {"in recovery mode", "it is recovering from a crash"},
    {"not accepting connections", "it is starting up"},
    {"read-only", kReadOnly},
    {"No space left on device", kFull},
    {"could not extend file", kFull},
    {"password authentication failed", kLogin},
    {"no pg_hba.conf entry", kLogin},
    {"is not permitted to log in", kLogin},
    {"permission denied for database", kLogin},
    {"does not exist", "its database or role does not exist"},
    {"too many clients", "it has no free connection"},
    {"connection slots are reserved", "it has no free connection"},
    {"Connection refused", kNobody},
    {"out of memory", "it has no memory left"},
    {"terminating connection", "it is shutting down"},
};

constexpr Words kRedis[] = {
    {"LOADING ", "it is loading its data"},
    {"MISCONF ", "it cannot write its data to disk"},
    {"READONLY ", kReadOnly},
    {"MASTERDOWN ", "it is a replica without a master"},
    {"NOREPLICAS ", "it has too few replicas"},
    {"OOM ", "its memory is full"},
    {"BUSY ", "a script blocks it"},
    {"NOAUTH ", kLogin},
    {"WRONGPASS ", kLogin},
    {"NOPERM ", "it refuses a command that the daemon needs"},
    {"max number of clients reached", "it has no free connection"},
    {"Connection refused", kNobody},
};

}  // namespace

const char* postgres_refusal(std::string_view text) { return find(kPostgres, text, kSilent); }

const char* redis_refusal(std::string_view text) { return find(kRedis, text, kSilent); }

}  // namespace mm::storage
