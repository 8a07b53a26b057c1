#include "tests/chaos/proxy/link.h"

#include <algorithm>

namespace mm::chaos {
namespace {

/// A daemon has fewer than 100 connections to a store.
constexpr std::size_t kMaxConnections = 500;
constexpr std::chrono::milliseconds kPauseAfterError{100};

/// FNV-1a, so that each link has a seed of its own.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const auto c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return hash;
}

}  // namespace

Link::Link(asio::io_context& io, LinkPlan plan, std::uint64_t seed)
    : plan_(std::move(plan)),
      seed_(seed ^ hash_of(plan_.name)),
      acceptor_(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      pause_(io) {
  accept();
}

std::size_t Link::open_connections() const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(), [](const auto& one) { return !one->closed(); }));
}

void Link::set(const Fault& fault) {
  fault_ = fault;
  forget_closed();
  for (const auto& connection : connections_) {
    if (fault.kind == FaultKind::reset) connection->reset();
    else connection->set(fault);
  }
}

void Link::accept() {
  acceptor_.async_accept([this](ErrorCode error, Tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      // For example without a free descriptor: an immediate retry would spin.
      pause_.expires_after(kPauseAfterError);
      pause_.async_wait([this](ErrorCode failed) {
        if (!failed) accept();
      });
      return;
    }
    forget_closed();
    if (connections_.size() < kMaxConnections) {
      const auto connection =
          std::make_shared<Connection>(std::move(socket), plan_.protocol, seed_ + ++accepted_, traffic_);
      connections_.push_back(connection);
      connection->start({asio::ip::address_v4::loopback(), plan_.store_port}, fault_);
    }
    accept();
  });
}

void Link::forget_closed() {
  std::erase_if(connections_, [](const auto& connection) { return connection->closed(); });
}

}  // namespace mm::chaos
