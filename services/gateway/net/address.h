// IP addresses of clients: parsing, networks, the client behind trusted proxies, and the key for limits. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mm::gateway {

/// An IPv4 or IPv6 address in network byte order. An IPv4 address is stored in its mapped form (::ffff:a.b.c.d).
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const Address&, const Address&) = default;

  bool is_v4() const;
  bool is_loopback() const;
  static std::optional<Address> parse(std::string_view text);
  std::string to_string() const;
};

/// A set of addresses and networks, for example `127.0.0.1, 10.0.0.0/8, fd00::/8`.
class AddressSet {
 public:
  /// Parses a comma-separated list. An empty text gives the empty set. Returns nullopt if an entry is not valid.
  static std::optional<AddressSet> parse(std::string_view text);
  bool contains(const Address& address) const;

 private:
  struct Network {
    Address base;
    int bits = 128;
  };
  std::vector<Network> networks_;
};

/// The address of the client. This is `peer` unless `peer` is a trusted proxy; then it is the last address in
/// X-Forwarded-For that is not a trusted proxy. Entries to the left of that address are ignored: the client can forge
/// them.
Address client_address(const Address& peer, const std::string* forwarded_for, const AddressSet& trusted);

/// The text that limits per address use as key: an IPv4 address, or the /64 network of an IPv6 address, because one
/// subscriber usually has a whole /64 network.
std::string counted_as(const Address& address);

}  // namespace mm::gateway
