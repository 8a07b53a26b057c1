#include "common/daemon/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "common/runtime/log.h"

namespace mm::metrics {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds_now() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes_now() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double entries(const char* folder) {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) ++count;
  return count;
}

}  // namespace

ProcessMetrics::ProcessMetrics(Registry& registry)
    : resident_bytes_(registry.gauge("process_resident_memory_bytes", "Resident memory")),
      cpu_seconds_(registry.counter("process_cpu_seconds_total", "Processor time used")),
      open_descriptors_(registry.gauge("process_open_fds", "Open file descriptors")),
      threads_(registry.gauge("process_threads", "Threads")),
      started_(registry.gauge("process_start_time_seconds", "Start, seconds since 1970")),
      log_lines_dropped_(registry.counter("mm_log_dropped_total", "Log lines that could not be written")) {
  started_.set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
}

void ProcessMetrics::update() {
  resident_bytes_.set(resident_bytes_now());
  open_descriptors_.set(entries("/proc/self/fd"));
  threads_.set(entries("/proc/self/task"));
  const auto cpu = cpu_seconds_now();
  cpu_seconds_.add(cpu - cpu_seen_);
  cpu_seen_ = cpu;
  const auto dropped = static_cast<double>(log::dropped());
  log_lines_dropped_.add(dropped - dropped_seen_);
  dropped_seen_ = dropped;
}

}  // namespace mm::metrics
