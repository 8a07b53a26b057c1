#include "tests/chaos/checker/input/secrets.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace mm::chaos {
namespace {

constexpr std::size_t kMaxLeaks = 1'000;
constexpr std::size_t kBlock = 1 << 20;

bool is_token_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::size_t token_part(std::string_view text, std::size_t from) {
  auto end = from;
  while (end < text.size() && is_token_character(text[end])) ++end;
  return end;
}

std::vector<std::string> read_canaries(const Run& run) {
  std::vector<std::string> canaries;
  std::ifstream file(run.folder + "/canaries.txt");
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) canaries.push_back(std::move(line));
  }
  return canaries;
}

/// Searches one file in blocks of whole lines, so that each finding has its line.
class FileSearch {
 public:
  FileSearch(Run& run, std::string name, const TextFinder& canaries)
      : run_(run), name_(std::move(name)), canaries_(canaries) {}

  void search() {
    std::ifstream file(run_.folder + "/" + name_, std::ios::binary);
    std::string block(kBlock, '\0');
    std::string kept;
    while (file) {
      file.read(block.data(), static_cast<std::streamsize>(block.size()));
      kept.append(block.data(), static_cast<std::size_t>(file.gcount()));
      const auto whole = kept.rfind('\n');
      if (whole == std::string::npos && file) continue;  // a long line
      const auto length = file && whole != std::string::npos ? whole + 1 : kept.size();
      search_block(std::string_view(kept).substr(0, length));
      kept.erase(0, length);
    }
    ++run_.files_searched;
  }

 private:
  void search_block(std::string_view text) {
    run_.bytes_searched += text.size();
    canaries_.find(text, [&](std::size_t offset) { add(text, offset, "a planted secret"); });
    for (auto at = find_token(text, 0); at != std::string_view::npos; at = find_token(text, at + 1)) {
      add(text, at, "an access token");
    }
    line_ += static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
    offset_ += text.size();
  }

  void add(std::string_view text, std::size_t offset, const std::string& what) {
    if (run_.leaks.size() >= kMaxLeaks) return;
    if (!listed_) {
      file_ = static_cast<std::uint32_t>(run_.files.size());
      run_.files.push_back(name_);
      listed_ = true;
    }
    const auto before = text.substr(0, offset);
    const auto line = line_ + 1 + static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
    const auto line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    run_.leaks.push_back({{file_, line, offset_ + line_begin}, what});
  }

  Run& run_;
  std::string name_;
  const TextFinder& canaries_;
  bool listed_ = false;
  std::uint32_t file_ = 0;
  std::uint32_t line_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace

std::uint64_t TextFinder::head(const char* text) {
  std::uint64_t value = 0;
  std::memcpy(&value, text, sizeof value);
  return value;
}

TextFinder::TextFinder(std::vector<std::string> texts) : texts_(std::move(texts)), heads_(1U << 16) {
  std::erase_if(texts_, [](const std::string& text) { return text.size() < kShortest; });
  std::sort(texts_.begin(), texts_.end(),
            [](const std::string& a, const std::string& b) { return head(a.data()) < head(b.data()); });
  for (const auto& text : texts_) heads_[slot(head(text.data()))] = true;
}

void TextFinder::find(std::string_view text, const std::function<void(std::size_t)>& found) const {
  if (texts_.empty() || text.size() < kShortest) return;
  for (std::size_t i = 0; i + kShortest <= text.size(); ++i) {
    const auto here = head(text.data() + i);
    if (!heads_[slot(here)]) continue;
    auto candidate = std::lower_bound(texts_.begin(), texts_.end(), here,
                                      [](const std::string& a, std::uint64_t b) { return head(a.data()) < b; });
    for (; candidate != texts_.end() && head(candidate->data()) == here; ++candidate) {
      if (text.compare(i, candidate->size(), *candidate) != 0) continue;
      found(i);
      break;
    }
  }
}

std::size_t find_token(std::string_view text, std::size_t from) {
  // The first two parts of a JSON Web Token are base64url of JSON objects, which begin with {" or eyJ.
  for (auto at = text.find("eyJ", from); at != std::string_view::npos; at = text.find("eyJ", at + 1)) {
    const auto head_end = token_part(text, at);
    if (head_end - at < 12 || text.substr(head_end, 4) != ".eyJ") continue;
    const auto body_end = token_part(text, head_end + 1);
    if (body_end < text.size() && text[body_end] == '.' && token_part(text, body_end + 1) > body_end + 20) return at;
  }
  return std::string_view::npos;
}

void search_secrets(Run& run) {
  const TextFinder canaries(read_canaries(run));
  run.canaries = canaries.size();
  std::vector<std::string> names;
  // Answers that Redis keeps for an Idempotency-Key may contain tokens, so the dumps of Redis are not searched.
  for (const std::string folder : {"history", "logs", "metrics", "dump/jetstream"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(run.folder + "/" + folder, error)) {
      if (!entry.is_regular_file()) continue;
      names.push_back(std::filesystem::relative(entry.path(), run.folder).generic_string());
    }
  }
  std::sort(names.begin(), names.end());
  for (const auto& name : names) FileSearch(run, name, canaries).search();
}

}  // namespace mm::chaos
