// Tests of request targets, routes, client addresses and allowed hosts.
#include "services/gateway/core/target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "services/gateway/core/router.h"
#include "services/gateway/net/address.h"
#include "services/gateway/net/hosts.h"

namespace mm::gateway {
namespace {

using Strings = std::vector<std::string>;

TEST(Target, IsSplitBeforeItIsDecoded) {
  const auto target = parse_target("/a%2Fb/c?x=1&y=a%26b&z&w=+%2B");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->segments, (Strings{"a/b", "c"}));
  EXPECT_EQ(target->query,
            (std::vector<std::pair<std::string, std::string>>{{"x", "1"}, {"y", "a&b"}, {"z", ""}, {"w", " +"}}));
  EXPECT_EQ(parse_target("/")->segments, Strings{""});
  EXPECT_EQ(parse_target("/a/")->segments, (Strings{"a", ""}));
  EXPECT_EQ(parse_target("/../a")->segments, (Strings{"..", "a"}));
  EXPECT_EQ(parse_target("https://host:1/a?b=c")->segments, Strings{"a"});
}

TEST(Target, RefusesMalformedTargets) {
  for (const auto* bad : {"", "a", "*", "/%", "/%a", "/%gg", "/%00", "/%7f", "/%ff", "/%c3", "/%ed%a0%80", "/a b",
                          "/\"", "/a?%0d%0a=1"}) {
    EXPECT_FALSE(parse_target(bad).ok()) << bad;
  }
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "/a";
  EXPECT_FALSE(parse_target(deep).ok());
  std::string wide = "/?";
  for (int i = 0; i < 40; ++i) wide += "a=1&";
  EXPECT_FALSE(parse_target(wide).ok());
}

TEST(Utf8, AcceptsOnlyValidSequences) {
  for (const auto* good : {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good));
  for (const auto* bad : {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

RC_GTEST_PROP(PercentCoding, RoundTrips, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(0x20, 0x7F));
  RC_ASSERT(*percent_decode(percent_encode(text), false) == text);
}

class Routing : public ::testing::Test {
 protected:
  Routing() {
    router_.add("POST", "/v1/party/queue");
    router_.add("GET", "/v1/party/{party_id}");
    router_.add("DELETE", "/v1/party/{party_id}/leave");
    router_.add("GET", "/v1/board/{season}");
    router_.add("GET", "/v1/board/top");
    router_.add("GET", "/docs/{file}");
  }
  RouteMatch match(std::string_view method, std::string_view path) {
    return router_.match(method, parse_target(path)->segments);
  }
  Router router_;
  const std::string id_ = "0190f0a0-0000-7000-8000-000000000001";
};

TEST_F(Routing, FindsRoutesAndTheirParameters) {
  EXPECT_EQ(match("POST", "/v1/party/queue").route, 0u);
  const auto party = match("GET", "/v1/party/" + id_);
  EXPECT_EQ(party.route, 1u);
  EXPECT_EQ(party.parameters, (PathParameters{{"party_id", id_}}));
  EXPECT_EQ(match("DELETE", "/v1/party/" + id_ + "/leave").route, 2u);
  EXPECT_EQ(match("GET", "/v1/board/s12").parameters, (PathParameters{{"season", "s12"}}));
  EXPECT_EQ(match("GET", "/v1/board/top").route, 4u);
}

TEST_F(Routing, APathWithAMalformedParameterMatchesNoRoute) {
  for (const auto* path : {"/v1/party/x", "/v1/party/0190F0A0-0000-7000-8000-000000000001", "/v1/board/S1", "/v1/party",
                           "/v1/party/", "/docs/.x", "/docs/a%2fb"}) {
    const auto found = match("GET", path);
    EXPECT_FALSE(found.route.has_value()) << path;
    EXPECT_TRUE(found.other_methods.empty()) << path;
  }
}

TEST_F(Routing, ListsTheOtherMethodsOfAPath) {
  EXPECT_EQ(match("PUT", "/v1/party/" + id_).other_methods, (std::vector<std::string_view>{"GET", "HEAD"}));
  EXPECT_EQ(match("GET", "/v1/party/queue").other_methods, std::vector<std::string_view>{"POST"});
}

TEST(Addresses, ComeFromTheLastHopThatIsNotATrustedProxy) {
  const auto trusted = *AddressSet::parse("10.0.0.0/8, 192.168.1.1, fd00::/8");
  const auto client = [&](const char* peer, const std::string& forwarded) {
    return client_address(*Address::parse(peer), &forwarded, trusted).to_string();
  };
  EXPECT_EQ(client("203.0.113.9", "198.51.100.1"), "203.0.113.9") << "the peer is not a trusted proxy";
  EXPECT_EQ(client("10.1.2.3", "198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(client("10.1.2.3", "1.2.3.4, 198.51.100.1, 192.168.1.1"), "198.51.100.1");
  EXPECT_EQ(client("10.1.2.3", "198.51.100.1, nonsense"), "10.1.2.3");
  EXPECT_EQ(client("fd00::1", "2001:db8::5"), "2001:db8::5");
  EXPECT_EQ(client("10.1.2.3", ""), "10.1.2.3");
  EXPECT_EQ(client_address(*Address::parse("10.1.2.3"), nullptr, trusted).to_string(), "10.1.2.3");
  std::string long_list = "1.2.3.4";
  for (int i = 0; i < 10'000; ++i) long_list += ", 10.0.0.1";
  EXPECT_EQ(client("10.1.2.3", long_list), "10.0.0.1") << "only a limited number of hops is followed";
}

TEST(Addresses, AreCountedByAddressOrByIpv6Network) {
  EXPECT_EQ(counted_as(*Address::parse("203.0.113.9")), "203.0.113.9");
  EXPECT_EQ(counted_as(*Address::parse("::ffff:203.0.113.9")), "203.0.113.9");
  EXPECT_EQ(counted_as(*Address::parse("2001:db8:1:2:3:4:5:6")), counted_as(*Address::parse("2001:db8:1:2::9")));
  EXPECT_NE(counted_as(*Address::parse("2001:db8:1:2::9")), counted_as(*Address::parse("2001:db8:1:3::9")));
  EXPECT_TRUE(Address::parse("127.8.8.8")->is_loopback());
  EXPECT_TRUE(Address::parse("::1")->is_loopback());
  EXPECT_FALSE(Address::parse("128.0.0.1")->is_loopback());
  for (const auto* bad : {"10.0.0.0/33", "10.0.0.0/x", "host", "10.0.0.0/-1", "::/129"})
    EXPECT_FALSE(AddressSet::parse(bad).has_value()) << bad;
}

TEST(AllowedHosts, ServeAnAddressOnlyToConnectionsToThatAddress) {
  const auto hosts = *AllowedHosts::parse("play.example.org:8443, 2001:db8::7", "0.0.0.0");
  const LocalEnd local{"192.168.1.5", 8080, false};
  const auto serves = [&](std::string_view text) {
    const auto host = HostPort::parse(text);
    return host && hosts.serves(*host, local);
  };
  for (const auto* host :
       {"192.168.1.5", "192.168.1.5:8080", "localhost:1", "[::ffff:192.168.1.5]", "play.example.org:8443",
        "[2001:DB8:0::7]:1", "::1:8080", "::1", "2001:db8::7", "2001:db8::7:443"}) {
    EXPECT_TRUE(serves(host)) << host;
  }
  for (const auto* host : {"192.168.1.6", "play.example.org", "play.example.org:80", "a@localhost", "localhost:", "",
                           ":80", "..", "[::1", "x y", "::2:8080", "::1:0", "1:2:3", "::::"}) {
    EXPECT_EQ(serves(host), std::string_view(host) == "localhost:") << host;
  }
}

TEST(AllowedHosts, RecogniseTheGatewaysOwnOrigins) {
  const auto hosts = *AllowedHosts::parse("play.example.org,127.0.0.1:9090", "127.0.0.1");
  const LocalEnd plain{"127.0.0.1", 8080, false};
  const LocalEnd tls{"127.0.0.1", 8443, true};
  for (const auto* origin : {"http://localhost:8080", "http://127.0.0.1:8080", "http://127.0.0.1:9090",
                             "https://play.example.org", "http://play.example.org", "https://play.example.org:8080"}) {
    EXPECT_TRUE(hosts.is_own_origin(origin, plain)) << origin;
  }
  for (const auto* origin : {"http://localhost", "http://localhost:9999", "http://evil.example:8080",
                             "https://play.example.org:8444", "null", "", "http://", "ftp://localhost:8080",
                             "http://localhost:8080/x", "http://a@localhost:8080", "http://play.example.org.evil"}) {
    EXPECT_FALSE(hosts.is_own_origin(origin, plain)) << origin;
  }
  EXPECT_TRUE(hosts.is_own_origin("https://localhost:8443", tls));
  EXPECT_FALSE(hosts.is_own_origin("http://localhost:8443", tls));
}

TEST(AllowedHosts, RefuseAListWithAMalformedHost) {
  for (const auto* list : {"http://play.example.org", "a/b", "*", "play.example.org:0", "[::1"}) {
    EXPECT_FALSE(AllowedHosts::parse(list, "127.0.0.1").ok()) << list;
  }
  EXPECT_TRUE(AllowedHosts::parse("", "127.0.0.1").ok());
}

}  // namespace
}  // namespace mm::gateway
