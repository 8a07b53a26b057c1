#include "services/gateway/net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "services/gateway/core/http.h"

namespace mm::gateway {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::size_t kMaxForwarded = 32;

bool same_network(const Address& a, const Address& b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (std::memcmp(a.bytes.data(), b.bytes.data(), whole) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF << (8 - rest));
  return (a.bytes[whole] & mask) == (b.bytes[whole] & mask);
}

}  // namespace

bool Address::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

bool Address::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  Address one;
  one.bytes[15] = 1;
  return *this == one;
}

std::optional<Address> Address::parse(std::string_view text) {
  const std::string whole(text);
  Address out;
  if (inet_pton(AF_INET6, whole.c_str(), out.bytes.data()) == 1) return out;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), out.bytes.begin());
  if (inet_pton(AF_INET, whole.c_str(), out.bytes.data() + 12) == 1) return out;
  return std::nullopt;
}

std::string Address::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  }
  return text;
}

std::optional<AddressSet> AddressSet::parse(std::string_view text) {
  AddressSet out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    if (part.empty()) continue;
    const auto slash = part.find('/');
    const auto base = Address::parse(part.substr(0, slash));
    if (!base) return std::nullopt;
    int bits = base->is_v4() ? 32 : 128;
    if (slash != std::string_view::npos) {
      const auto number = part.substr(slash + 1);
      int asked = 0;
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), asked);
      if (error != std::errc{} || end != number.data() + number.size() || asked < 0 || asked > bits)
        return std::nullopt;
      bits = asked;
    }
    out.networks_.push_back({*base, base->is_v4() ? bits + 96 : bits});
  }
  return out;
}

bool AddressSet::contains(const Address& address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return same_network(network.base, address, network.bits); });
}

Address client_address(const Address& peer, const std::string* forwarded_for, const AddressSet& trusted) {
  if (forwarded_for == nullptr || !trusted.contains(peer)) return peer;
  Address client = peer;
  std::string_view rest = *forwarded_for;
  for (std::size_t i = 0; i < kMaxForwarded && trusted.contains(client) && !rest.empty(); ++i) {
    const auto comma = rest.rfind(',');
    const auto last = trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
    const auto address = Address::parse(last);
    if (!address) break;
    client = *address;
  }
  return client;
}

std::string counted_as(const Address& address) {
  if (address.is_v4()) return address.to_string();
  Address network = address;
  std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network.to_string() + "/64";
}

}  // namespace mm::gateway
