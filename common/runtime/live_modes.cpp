#include "common/runtime/live_modes.h"

#include <fstream>
#include <thread>

#include "common/runtime/log.h"
#include "common/wire/codec.h"
#include "common/wire/mode_table.h"

namespace mm::runtime {
namespace {

/// A file that is being written is expected to change again within this time.
constexpr Milliseconds kSettleInterval{20};
constexpr int kSettleTries = 5;
/// One byte more than the limit of a mode table, so that a larger file is refused for its size.
constexpr std::size_t kMaxBytes = 1024 * 1024 + 1;
constexpr std::size_t kMaxProblemsLogged = 16;

/// The content of the file, or nothing if it cannot be read.
std::optional<std::string> text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(kMaxBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string names_of(const std::vector<Mode>& modes) {
  std::string names;
  for (const auto& mode : modes) names += (names.empty() ? "" : " ") + mode.str();
  return names;
}

}  // namespace

std::vector<Mode> changed_modes(const ModeTable& before, const ModeTable& after) {
  std::vector<Mode> changed;
  for (const auto& rules : after.all()) {
    const auto* old = before.find(rules.id);
    if (old == nullptr || wire::encode(*old) != wire::encode(rules)) changed.push_back(rules.id);
  }
  for (const auto& rules : before.all()) {
    if (after.find(rules.id) == nullptr) changed.push_back(rules.id);
  }
  return changed;
}

LiveModes::LiveModes(ModeTable first, std::string file, metrics::Registry& registry, Milliseconds reload_interval)
    : file_(std::move(file)),
      refused_(registry.gauge("mm_modes_refused", "1 while the mode file is refused and an older table is used")),
      changes_(registry.counter("mm_modes_changes_total", "Changes of the mode table applied while running")),
      current_(std::make_shared<const ModeTable>(std::move(first))),
      previous_(current_) {
  if (!file_.empty()) task_.emplace(reload_interval, [this] { reload(); });
}

LiveModes::Table LiveModes::current() const {
  const MutexLock lock(mutex_);
  return current_;
}

LiveModes::Table LiveModes::previous() const {
  const MutexLock lock(mutex_);
  return previous_;
}

void LiveModes::reload() {
  if (file_.empty()) return;
  const MutexLock lock(reloading_);
  auto text = text_of(file_);
  if (last_text_ && text == *last_text_) return;
  if (text) text = settled_text();
  if (text) return apply(std::move(*text));
  // Reported once, until the file can be read again. The file may also be missing briefly while an editor replaces it.
  if (!last_text_ || !last_text_->empty()) refuse({file_ + ": cannot be read"});
  last_text_ = "";
}

// Reads the file until two reads return the same content.
std::optional<std::string> LiveModes::settled_text() {
  auto text = text_of(file_);
  for (int i = 0; i < kSettleTries; ++i) {
    std::this_thread::sleep_for(kSettleInterval);
    auto again = text_of(file_);
    if (text && again == text) return text;
    text = std::move(again);
  }
  return text;
}

void LiveModes::apply(std::string text) {
  if (last_text_ && text == *last_text_) return;
  auto table = wire::parse_mode_table(text, file_);
  last_text_ = std::move(text);
  if (!table) return refuse(table.error().problems);
  const auto changed = changed_modes(*current(), *table);
  if (is_refused_ || !changed.empty()) log::info("modes_accepted", {{"changed", names_of(changed)}});
  is_refused_ = false;
  refused_.set(0);
  if (changed.empty()) return;
  {
    const MutexLock lock(mutex_);
    previous_ = std::move(current_);
    current_ = std::make_shared<const ModeTable>(std::move(*table));
  }
  ++version_;
  changes_.add();
}

void LiveModes::refuse(const std::vector<std::string>& problems) {
  is_refused_ = true;
  refused_.set(1);
  for (std::size_t i = 0; i < problems.size() && i < kMaxProblemsLogged; ++i) {
    log::error("modes_refused", {{"reason", problems[i]}});
  }
}

}  // namespace mm::runtime
