// Addresses of clients: who is behind a connection, and what is counted for limits. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mm::gateway {

/// An IPv4 or IPv6 address; IPv4 is held in its mapped form, so both compare alike.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const Address&, const Address&) = default;

  bool is_v4() const;
  bool is_loopback() const;
  static std::optional<Address> parse(std::string_view text);
  std::string to_string() const;
};

/// Addresses and networks: `127.0.0.1, 10.0.0.0/8, fd00::/8`.
class AddressSet {
 public:
  /// Empty text: the empty set. None when a part of it is no address or network.
  static std::optional<AddressSet> parse(std::string_view text);
  bool contains(const Address& address) const;

 private:
  struct Network {
    Address base;
    int bits = 128;
  };
  std::vector<Network> networks_;
};

/// The client: the peer itself or, when that is a proxy we trust, the last address of X-Forwarded-For that is none.
/// What stands left of that was written by the client and means nothing.
Address client_address(const Address& peer, const std::string* forwarded_for, const AddressSet& trusted);

/// What limits are counted by: an IPv4 address, or the /64 network of an IPv6 one (one subscriber has that many).
std::string counted_as(const Address& address);

}  // namespace mm::gateway
