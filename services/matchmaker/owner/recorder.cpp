#include "services/matchmaker/owner/recorder.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".mmrec";
constexpr Milliseconds kFirstPause{1'000};
constexpr Milliseconds kMaxPause{300'000};
/// After this long without a gap, the pause starts at kFirstPause again.
constexpr Milliseconds kStablePeriod{600'000};
/// One file may have at most this fraction (1 / 4) of the limit of all files.
constexpr std::uint64_t kMinFiles = 4;

/// The instance's name as a valid folder name.
std::string folder_name(std::string name) {
  for (char& c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return name.empty() ? "matchmaker" : name;
}

/// For example 20260102T030405678Z-0001.mmrec. Sorting by name gives the order of time.
std::string file_name(TimePoint at, int part) {
  const auto ms = at.time_since_epoch().count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char day[32];
  std::strftime(day, sizeof day, "%Y%m%dT%H%M%S", &parts);
  char text[80];
  std::snprintf(text, sizeof text, "%s%03dZ-%04d", day, static_cast<int>(ms % 1000), part);
  return text + std::string(kSuffix);
}

Recorder::Options limited(Recorder::Options options) {
  options.file_bytes = std::min(options.file_bytes, options.bytes / kMinFiles);
  return options;
}

}  // namespace

Recorder::Recorder(const Options& options, const Clock& clock, Metrics& metrics)
    : options_(limited(options)),
      folder_(fs::path(options.folder) / folder_name(options.instance)),
      clock_(clock),
      metrics_(metrics),
      encoder_([this](std::string&& piece) { enqueue(std::move(piece)); }),
      pause_(kFirstPause) {
  if (!wanted()) return;
  begin_file();
  writer_ = std::thread([this] { write(); });
}

Recorder::~Recorder() {
  if (!wanted()) return;
  if (encoder_.running()) encoder_.flush();
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void Recorder::tick() {
  if (!wanted()) return;
  if (failed_) return encoder_.stop();
  if (gap_) end_gap();
  if (gap_) return;
  if (file_is_full_.exchange(false)) begin_file();
  encoder_.tick(clock_.now());
  if (clock_.steady() - flushed_at_ < options_.flush_every) return;
  flushed_at_ = clock_.steady();
  encoder_.flush();
}

// The bytes that are still buffered belong to the file before.
void Recorder::begin_file() {
  if (encoder_.running()) encoder_.flush();
  if (gap_) {
    file_is_full_ = true;
    return;
  }
  {
    const MutexLock lock(mutex_);
    jobs_.push_back({true, {}});
  }
  changed_.notify_all();
  encoder_.open();
}

void Recorder::enqueue(std::string&& piece) {
  {
    const MutexLock lock(mutex_);
    if (queued_bytes_ + piece.size() <= options_.max_queued_bytes) {
      queued_bytes_ += piece.size();
      jobs_.push_back({false, std::move(piece)});
      changed_.notify_all();
      return;
    }
  }
  encoder_.stop();
  if (clock_.steady() - resumed_at_ > kStablePeriod) pause_ = kFirstPause;
  gap_ = Gap{clock_.now(), clock_.steady()};
  metrics_.recording_gaps.add();
  log::warning("recording_fell_behind", {{"dropped_bytes", piece.size()}});
}

// Resumes when everything has been written. If it falls behind again soon, the next pause is twice as long.
void Recorder::end_gap() {
  const auto paused = clock_.steady() - gap_->since;
  if (paused < pause_) return;
  {
    const MutexLock lock(mutex_);
    if (!jobs_.empty() || writing_) return;
  }
  pause_ = std::min(pause_ * 2, kMaxPause);
  const auto from = gap_->from;
  gap_.reset();
  resumed_at_ = clock_.steady();
  encoder_.open();
  encoder_.gap(from, clock_.now());
}

void Recorder::write() {
  while (auto job = next()) {
    const auto done = write_job(*job);
    if (!done) return stop_recording(done.error());
    const MutexLock lock(mutex_);
    writing_ = false;
  }
  if (!file_) return;
  if (const auto done = file_->finish(); !done) stop_recording(done.error());
  metrics_.recording.set(0);
}

std::optional<Recorder::WriteJob> Recorder::next() {
  MutexLock lock(mutex_);
  changed_.wait(lock, [this]() REQUIRES(mutex_) { return stopping_ || !jobs_.empty(); });
  if (jobs_.empty()) return std::nullopt;
  WriteJob job = std::move(jobs_.front());
  jobs_.pop_front();
  queued_bytes_ -= job.piece.size();
  writing_ = true;
  return job;
}

Result<Done, std::string> Recorder::write_job(const WriteJob& job) {
  if (job.new_file) return open_file();
  const auto before = file_->bytes();
  if (auto done = file_->write(job.piece); !done) return done;
  metrics_.recorded_bytes.add(static_cast<double>(file_->bytes() - before));
  if (before < options_.file_bytes && file_->bytes() >= options_.file_bytes) file_is_full_ = true;
  return Done{};
}

Result<Done, std::string> Recorder::open_file() {
  if (file_) {
    if (auto done = file_->finish(); !done) return done;
    file_.reset();
  }
  if (auto done = make_room(); !done) return done;
  const auto now = clock_.now();
  ++parts_;
  auto file =
      recording::FileWriter::create((folder_ / file_name(now, parts_)).string(), {options_.instance, now, parts_});
  if (!file) return fail(file.error());
  file_ = std::move(*file);
  metrics_.recording.set(1);
  log::info("recording_begun", {{"file", file_->path()}});
  return Done{};
}

// Deletes the oldest files until there is room for one and a half new files: a file grows beyond its limit until the
// tick thread has noticed that it is full, and until the pieces that wait are written.
Result<Done, std::string> Recorder::make_room() {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return fail(folder_.string() + ": " + error.message());
  std::vector<std::pair<fs::path, std::uint64_t>> files;
  std::uint64_t bytes = options_.file_bytes + options_.file_bytes / 2;
  for (auto entry = fs::directory_iterator(folder_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() != kSuffix) continue;
    std::error_code gone;
    const auto size = entry->file_size(gone);
    if (gone) continue;
    files.emplace_back(entry->path(), size);
    bytes += size;
  }
  if (error) return fail(folder_.string() + ": " + error.message());
  std::sort(files.begin(), files.end());
  for (const auto& [path, size] : files) {
    if (bytes <= options_.bytes) break;
    fs::remove(path, error);
    if (error) return fail(path.string() + ": " + error.message());
    bytes -= size;
  }
  return Done{};
}

void Recorder::stop_recording(const std::string& why) {
  failed_ = true;
  metrics_.recording.set(0);
  log::error("recording_ended", {{"reason", why}});
  const MutexLock lock(mutex_);
  jobs_.clear();
  queued_bytes_ = 0;
}

}  // namespace mm::matchmaker
