#include "tests/chaos/bots/options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

namespace mm::chaos {
namespace {

constexpr int kMaxPlayers = 20'000;
constexpr int kMaxRate = 5'000;
constexpr int kMaxSeconds = 86'400;

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

template <class T>
bool read_number(const std::string& text, T& out, T least, T most) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= least && out <= most;
}

bool read_gateways(const std::string& text, std::vector<game::GatewayAddress>& out) {
  for (const auto& url : parts_of(text)) {
    const auto address = game::parse_gateway_url(url);
    if (!address || address->host.find_first_not_of("0123456789.") != std::string::npos) return false;
    out.push_back(*address);
  }
  return !out.empty();
}

bool read_value(const std::string& name, const std::string& value, Options& out) {
  if (name == "--gateways") return read_gateways(value, out.gateways);
  if (name == "--players") return read_number(value, out.players, 1, kMaxPlayers);
  if (name == "--rate") return read_number(value, out.rate, 0.1, double{kMaxRate});
  if (name == "--seconds") return read_number(value, out.seconds, 1, kMaxSeconds);
  if (name == "--drain") return read_number(value, out.drain, 0, kMaxSeconds);
  if (name == "--seed") return read_number(value, out.seed, std::uint64_t{0}, UINT64_MAX);
  if (name == "--history") return !(out.history = value).empty();
  if (name == "--canaries") return !(out.canaries = value).empty();
  if (name == "--modes") return !(out.modes = parts_of(value)).empty();
  return false;
}

}  // namespace

std::string usage() {
  return "usage: mm-chaos-bots --gateways http://ADDRESS:PORT,… --history FILE\n"
         "         [--players 100] [--rate 50] [--seconds 60] [--drain 120] [--seed 1] [--modes ranked,duel]\n"
         "         [--canaries FILE]\n"
         "Plays against a running stack and writes a history (tests/chaos/bots/README.md). The passwords of its "
         "players\n"
         "are written to the file of --canaries, by default canaries.txt in the parent of the history's folder.\n";
}

Result<Options, std::string> parse_options(const std::vector<std::string>& arguments) {
  Options out;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto& name = arguments[i];
    if (i + 1 == arguments.size() || !read_value(name, arguments[i + 1], out))
      return fail(name + " is not an option, or its value is missing or not allowed");
  }
  if (out.gateways.empty()) return fail(std::string("--gateways is missing"));
  if (out.history.empty()) return fail(std::string("--history is missing"));
  if (out.canaries.empty()) {
    const auto folder = std::filesystem::absolute(out.history).parent_path().parent_path();
    out.canaries = (folder / "canaries.txt").string();
  }
  return out;
}

}  // namespace mm::chaos
