#include "tests/chaos/proxy/nats_frames.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mm::chaos {
namespace {

std::vector<NatsFrame> frames_of(std::string_view bytes) {
  NatsFrames reader;
  std::vector<NatsFrame> frames;
  reader.feed(bytes, frames);
  return frames;
}

TEST(NatsFrames, FindsTheMessagesOfBothDirections) {
  const struct {
    const char* bytes;
    const char* subject;
    const char* reply;
  } rows[] = {
      {"PUB a.b 2\r\nhi\r\n", "a.b", ""},
      {"pub a.b _INBOX.1 0\r\n\r\n", "a.b", "_INBOX.1"},
      {"HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "a", ""},
      {"HPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "a", "r"},
      {"MSG a 7 2\r\nhi\r\n", "a", ""},
      {"MSG a 7 $JS.ACK.S.c 2\r\nhi\r\n", "a", "$JS.ACK.S.c"},
      {"HMSG a 7 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "a", ""},
      {"HMSG  a\t7 r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "a", "r"},
  };
  for (const auto& row : rows) {
    const auto frames = frames_of(row.bytes);
    ASSERT_EQ(frames.size(), 1U) << row.bytes;
    EXPECT_TRUE(frames[0].is_message) << row.bytes;
    EXPECT_EQ(frames[0].bytes, row.bytes);
    EXPECT_EQ(frames[0].subject, row.subject) << row.bytes;
    EXPECT_EQ(frames[0].reply, row.reply) << row.bytes;
  }
}

TEST(NatsFrames, OtherLinesAreFramesOfTheirOwn) {
  const auto frames = frames_of("INFO {\"a\":1}\r\nPING\r\n+OK\r\n-ERR 'x'\r\nSUB a 1\r\nCONNECT {}\r\n\r\n");
  ASSERT_EQ(frames.size(), 7U);
  for (const auto& frame : frames) EXPECT_FALSE(frame.is_message) << frame.bytes;
}

TEST(NatsFrames, APayloadMayLookLikeTheProtocol) {
  const auto frames = frames_of("MSG a 7 15\r\nMSG a 7 2\r\nhi\r\n\r\nPING\r\n");
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1].bytes, "PING\r\n");
}

TEST(NatsFrames, ForeignBytesPassUnchanged) {
  NatsFrames reader;
  std::vector<NatsFrame> frames;
  reader.feed("PING\r\nMSG no size\r\nrest", frames);
  reader.feed("MSG a 7 2\r\nhi\r\n", frames);
  std::string all;
  for (const auto& frame : frames) all += frame.bytes;
  EXPECT_EQ(all, "PING\r\nMSG no size\r\nrestMSG a 7 2\r\nhi\r\n");
  EXPECT_FALSE(frames.back().is_message);
}

TEST(NatsFrames, TheCutsBetweenReadsDoNotMatter) {
  EXPECT_TRUE(rc::check("any cuts", [] {
    std::string stream;
    const auto count = *rc::gen::inRange(1, 8);
    for (int i = 0; i < count; ++i) {
      const auto payload = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("\r\nMSG a 1 2PUB")));
      const auto size = std::to_string(payload.size());
      stream += *rc::gen::element(std::string("PING\r\n"), "MSG a.b 1 " + size + "\r\n" + payload + "\r\n",
                                  "PUB a r " + size + "\r\n" + payload + "\r\n");
    }
    const auto whole = frames_of(stream);
    NatsFrames reader;
    std::vector<NatsFrame> pieces;
    for (std::size_t at = 0; at < stream.size();) {
      const auto length = *rc::gen::inRange<std::size_t>(1, 12);
      reader.feed(std::string_view(stream).substr(at, length), pieces);
      at += length;
    }
    std::string all;
    RC_ASSERT(pieces.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      RC_ASSERT(pieces[i].bytes == whole[i].bytes);
      RC_ASSERT(pieces[i].is_message == whole[i].is_message);
      all += pieces[i].bytes;
    }
    RC_ASSERT(all == stream);
  }));
}

}  // namespace
}  // namespace mm::chaos
