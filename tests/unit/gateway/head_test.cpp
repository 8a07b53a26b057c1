// Tests of finding, parsing and writing HTTP heads. Parsing is strict, and malformed heads are refused as early as
// possible.
#include "services/gateway/core/head.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mm::gateway {
namespace {

const std::string kGet = "GET /a?b=c HTTP/1.1\r\nHost: example.org:80\r\nX-Thing:  two words \r\n\r\n";

TEST(FindHead, EndsAfterTheEmptyLine) {
  EXPECT_EQ(*find_head(kGet), kGet.size());
  EXPECT_EQ(*find_head(kGet + "GET /next"), kGet.size());
  EXPECT_EQ(*find_head(""), 0u);
}

RC_GTEST_PROP(FindHead, ReturnsZeroForAnIncompleteHead, ()) {
  const auto length = *rc::gen::inRange<std::size_t>(0, kGet.size());
  const auto found = find_head(kGet.substr(0, length));
  RC_ASSERT(found.ok());
  RC_ASSERT(*found == 0u);
}

TEST(FindHead, RefusesBytesThatCannotBecomeAHead) {
  EXPECT_EQ(find_head("GET /" + std::string(9'000, 'a')).error().code, Code::uri_too_long);
  EXPECT_EQ(find_head("GET / HTTP/1.1\r\nX: " + std::string(17'000, 'a')).error().code, Code::headers_too_large);
  EXPECT_EQ(find_head("\x16\x03\x01").error().code, Code::malformed_request);
  EXPECT_EQ(find_head("GET / HTTP/1.1\n").error().code, Code::malformed_request);
  EXPECT_EQ(find_head("GET / HTTP/1.1\r\nHost: a\n").error().code, Code::malformed_request);
  EXPECT_EQ(find_head(std::string(40, 'A')).error().code, Code::malformed_request) << "no method is that long";
}

TEST(ParseHead, ReadsNamesInLowerCaseAndTrimsValues) {
  const auto head = parse_head(kGet);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->method, "GET");
  EXPECT_EQ(head->target, "/a?b=c");
  EXPECT_EQ(head->headers, (HeaderFields{{"host", "example.org:80"}, {"x-thing", "two words"}}));
  EXPECT_TRUE(head->keep_alive);
  EXPECT_FALSE(head->has_body());
}

TEST(ParseHead, ReadsTheLengthOfTheBody) {
  const auto with = [](const std::string& fields) {
    return parse_head("POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
  };
  EXPECT_EQ(with("Content-Length: 65536\r\n")->content_length, 65'536u);
  EXPECT_EQ(with("Content-Length: 65537\r\n").error().code, Code::payload_too_large);
  EXPECT_TRUE(with("Transfer-Encoding: Chunked\r\n")->chunked);
  EXPECT_FALSE(with("Content-Length: 007\r\nContent-Length: 007\r\n").ok());
  EXPECT_TRUE(with("Expect: 100-Continue\r\nContent-Length: 1\r\n")->expects_continue);
  EXPECT_EQ(with("Content-Encoding: gzip\r\n").error().code, Code::unsupported_media_type);
}

TEST(ParseHead, AcceptsOnlyValidHosts) {
  const auto host = [](const std::string& text) {
    return parse_head("GET / HTTP/1.1\r\nHost: " + text + "\r\n\r\n").ok();
  };
  for (const auto* good :
       {"a", "a.example", "a.example:8080", "127.0.0.1", "[::1]", "[::1]:80", "::1", "::1:80", "xn--bcher-kva.example"})
    EXPECT_TRUE(host(good)) << good;
  for (const auto* bad : {"", "a b", "a/b", "a@b", "a:b", "a:123456", "[::1", "[x]", "a,b", "a?b", "a#b", ":80",
                          "x:y:80", "::1:x", "\"a\""})
    EXPECT_FALSE(host(bad)) << bad;
}

TEST(ParseHead, ReadsWhetherTheConnectionIsKeptAlive) {
  const auto keep = [](const std::string& version, const std::string& field) {
    return parse_head("GET / HTTP/" + version + "\r\nHost: a\r\n" + field + "\r\n")->keep_alive;
  };
  EXPECT_TRUE(keep("1.1", ""));
  EXPECT_FALSE(keep("1.1", "Connection: Close\r\n"));
  EXPECT_FALSE(keep("1.1", "Connection: foo, close\r\n"));
  EXPECT_FALSE(keep("1.0", ""));
  EXPECT_TRUE(keep("1.0", "Connection: keep-alive\r\n"));
}

RC_GTEST_PROP(ParseHead, NeverReadsBeyondItsInput, (const std::string& noise)) {
  const auto text = "GET / HTTP/1.1\r\n" + noise + "\r\n\r\n";
  const auto length = find_head(text);
  if (length && *length > 0) (void)parse_head(std::string_view(text).substr(0, *length));
}

TEST(RenderHead, ReplacesLineBreaksInValues) {
  HttpAnswer answer;
  answer.body = "{}";
  answer.headers = {{"X-Echo", "a\r\nSet-Cookie: b"}};
  const auto head = render_head(answer, true, http_date(784'111'777));
  EXPECT_NE(head.find("X-Echo: a  Set-Cookie: b\r\n"), std::string::npos);
  EXPECT_NE(head.find("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos);
  answer.status = 204;
  EXPECT_EQ(render_head(answer, false, "").find("Content-"), std::string::npos);
}

}  // namespace
}  // namespace mm::gateway
