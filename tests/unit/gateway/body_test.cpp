// Tests of reading request bodies, by Content-Length and in chunks, however the bytes are split.
#include "services/gateway/core/body.h"

#include <gtest/gtest.h>

namespace mm::gateway {
namespace {

Head chunked() {
  Head head;
  head.chunked = true;
  return head;
}

Head of_length(std::uint64_t length) {
  Head head;
  head.content_length = length;
  return head;
}

struct Read {
  bool done = false;
  std::size_t used = 0;
  std::string body;
  Code code = Code::internal_error;  ///< the code of the refusal, if there was one
};

/// Gives `bytes` to a BodyReader in pieces of `piece` bytes.
Read read(const Head& head, std::string_view bytes, std::size_t piece = 1'000'000) {
  BodyReader reader(head);
  Read out;
  while (out.used < bytes.size() && !reader.is_done()) {
    const auto used = reader.read(bytes.substr(out.used, piece));
    if (!used) return {false, out.used, {}, used.error().code};
    out.used += *used;
  }
  out.done = reader.is_done();
  out.body = reader.take();
  return out;
}

TEST(BodyReader, ReadsContentLengthBytes) {
  const auto whole = read(of_length(5), "12345GET /");
  EXPECT_TRUE(whole.done);
  EXPECT_EQ(whole.body, "12345");
  EXPECT_EQ(whole.used, 5u);
  EXPECT_FALSE(read(of_length(5), "1234").done);
}

TEST(BodyReader, JoinsChunksHoweverTheBytesAreSplit) {
  const std::string bytes = "3\r\nabc\r\n0A;name=\"a b\";x\r\n0123456789\r\n000\r\nX: y\r\nZ: z\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const auto whole = read(chunked(), bytes + "GET / HTTP/1.1\r\n", piece);
    EXPECT_TRUE(whole.done) << piece;
    EXPECT_EQ(whole.body, "abc0123456789");
    EXPECT_EQ(whole.used, bytes.size());
  }
}

TEST(BodyReader, RefusesLinesThatDoNotEndWithCrLf) {
  for (const auto* bytes : {"1\n", "1;a\n", "1;a\nb\r\n", "1\r1", "\n", "1\r\nx\n", "1\r\nx\r\r\n", "1\r\nxy\r\n",
                            "0\r\nX: y\n", "0\r\n\n", "0\r\n\rX"}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}})
      EXPECT_EQ(read(chunked(), bytes, piece).code, Code::malformed_request) << bytes;
  }
}

TEST(BodyReader, RefusesMalformedChunkSizes) {
  for (const auto* bytes : {"\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n", "1 1\r\n", ";a\r\n",
                            "00000000000000001\r\n"}) {
    EXPECT_EQ(read(chunked(), bytes).code, Code::malformed_request) << bytes;
  }
}

TEST(BodyReader, RefusesBodiesExtensionsAndTrailersThatAreTooLarge) {
  EXPECT_EQ(read(chunked(), "10001\r\n").code, Code::payload_too_large);
  EXPECT_EQ(read(chunked(), "FFFFFFFFFFFFFFFF\r\n").code, Code::payload_too_large);
  const std::string most = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  EXPECT_TRUE(read(chunked(), most + "0\r\n\r\n").done);
  EXPECT_EQ(read(chunked(), most + "1\r\n").code, Code::payload_too_large);
  EXPECT_EQ(read(chunked(), "1;" + std::string(2'000, 'e') + "\r\n").code, Code::malformed_request);
  std::string extensions;
  for (int i = 0; i < 50; ++i) extensions += "1;" + std::string(900, 'e') + "\r\nx\r\n";
  EXPECT_EQ(read(chunked(), extensions).code, Code::malformed_request);
  std::string trailer = "0\r\n";
  for (int i = 0; i < 100; ++i) trailer += "X: y\r\n";
  EXPECT_EQ(read(chunked(), trailer).code, Code::headers_too_large);
}

TEST(BodyReader, RefusesMalformedTrailerFields) {
  for (const auto* line : {"nonsense", " folded: x", "X : y", ": x"}) {
    EXPECT_EQ(read(chunked(), "0\r\n" + std::string(line) + "\r\n").code, Code::malformed_request) << line;
  }
}

}  // namespace
}  // namespace mm::gateway
