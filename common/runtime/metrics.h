// Prometheus metrics. Only this component uses prometheus-cpp. Create each series once, at construction, and keep its
// handle, because looking a series up takes a lock. Handles are small, copyable, thread-safe and valid as long as the
// Registry. Names: mm_<service>_<what>_<unit>. Labels never contain ids.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mm::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void add(double amount = 1);

 private:
  friend class Registry;
  explicit Counter(void* series) : series_(series) {}
  void* series_;
};

class Gauge {
 public:
  void set(double value);
  void add(double amount);

 private:
  friend class Registry;
  explicit Gauge(void* series) : series_(series) {}
  void* series_;
};

class Histogram {
 public:
  void observe(double value);

 private:
  friend class Registry;
  explicit Histogram(void* series) : series_(series) {}
  void* series_;
};

/// Upper bounds in seconds, 0.5 ms to 10 s.
const std::vector<double>& latency_buckets();

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                      const std::vector<double>& bounds = latency_buckets());

  /// Text exposition format 0.0.4.
  std::string expose() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::metrics
