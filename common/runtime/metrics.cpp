// Implements the metrics with prometheus-cpp; only this file uses it. Exceptions of prometheus-cpp (an invalid name, or
// one name with two types) are bugs that appear at start; they abort the process.
#include "common/runtime/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <exception>

#include "common/base/result.h"

namespace mm::metrics {
namespace {

// Calls a function that throws only because of a bug.
template <class Make>
void* made(const Make& make) {
  try {
    return &make();
  } catch (const std::exception& error) {
    check(false, error.what());
    return nullptr;
  }
}

}  // namespace

void Counter::add(double amount) { static_cast<prometheus::Counter*>(series_)->Increment(amount); }
void Gauge::set(double value) { static_cast<prometheus::Gauge*>(series_)->Set(value); }
void Gauge::add(double amount) { static_cast<prometheus::Gauge*>(series_)->Increment(amount); }
void Histogram::observe(double value) { static_cast<prometheus::Histogram*>(series_)->Observe(value); }

const std::vector<double>& latency_buckets() {
  static const std::vector<double> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                          0.1,    0.25,  0.5,    1,     2.5,  5,     10};
  return bounds;
}

struct Registry::Impl {
  prometheus::Registry registry;
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Counter Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return Counter(made([&]() -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
  }));
}

Gauge Registry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return Gauge(made([&]() -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
  }));
}

Histogram Registry::histogram(const std::string& name, const std::string& help, const Labels& labels,
                              const std::vector<double>& bounds) {
  return Histogram(made([&]() -> prometheus::Histogram& {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry).Add(labels, bounds);
  }));
}

std::string Registry::expose() const { return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect()); }

}  // namespace mm::metrics
