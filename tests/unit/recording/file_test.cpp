// Tests of the file format of recordings: what was written is read back, and a file that is cut off or damaged is
// reported and read up to that place.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "services/matchmaker/recording/checksum.h"
#include "services/matchmaker/recording/file_reader.h"
#include "tests/unit/recording/history.h"

namespace mm::matchmaker::recording {
namespace {

constexpr TimePoint kBegun{Milliseconds(1'800'000'000'123)};

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// Writes a file of these pieces. `killed`: without the end block, as if the writer was killed.
void write_file(const std::string& path, const Pieces& pieces, bool killed = false) {
  {
    auto file = FileWriter::create(path, {"matchmaker-1", kBegun, 7});
    ASSERT_TRUE(file.ok()) << file.error();
    for (const auto& piece : pieces) ASSERT_TRUE(file->write(piece).ok());
  }
  constexpr std::uintmax_t kEndBlock = 13;
  if (killed) std::filesystem::resize_file(path, std::filesystem::file_size(path) - kEndBlock);
}

struct FileContent {
  Pieces pieces;
  FileReader::Read end = FileReader::Read::events;
  std::string failure;
};

FileContent read_file(const std::string& path) {
  FileContent got;
  auto file = FileReader::open(path);
  if (!file) {
    got.end = FileReader::Read::damaged;
    got.failure = file.error();
    return got;
  }
  std::string piece;
  while ((got.end = file->next(piece)) == FileReader::Read::events) got.pieces.push_back(piece);
  got.failure = file->failure();
  return got;
}

Pieces some_pieces() {
  History history(5);
  Pieces pieces;
  for (int i = 0; i < 4; ++i) history.run(1);
  return history.files().front();
}

RC_GTEST_PROP(Bytes, RoundTrip, ()) {
  const auto whole = *rc::gen::arbitrary<std::uint64_t>();
  const auto number = *rc::gen::arbitrary<std::int64_t>();
  const auto bits = *rc::gen::arbitrary<std::uint64_t>();
  const auto text = *rc::gen::arbitrary<std::string>();
  const double any = std::bit_cast<double>(bits);
  const double hundredths = static_cast<double>(number % 1'000'000) / 100;
  std::string bytes;
  put_varint(bytes, whole);
  put_signed(bytes, number);
  put_double(bytes, any);
  put_points(bytes, any);
  put_points(bytes, hundredths);
  put_text(bytes, text);
  put_u32(bytes, static_cast<std::uint32_t>(whole));
  ByteReader reader(bytes);
  RC_ASSERT(reader.varint() == whole);
  RC_ASSERT(reader.zigzag() == number);
  RC_ASSERT(std::bit_cast<std::uint64_t>(reader.real()) == bits);
  RC_ASSERT(std::bit_cast<std::uint64_t>(reader.points()) == bits);
  RC_ASSERT(std::bit_cast<std::uint64_t>(reader.points()) == std::bit_cast<std::uint64_t>(hundredths));
  RC_ASSERT(reader.text() == text);
  RC_ASSERT(reader.u32() == static_cast<std::uint32_t>(whole));
  RC_ASSERT(reader.empty());
  RC_ASSERT(!reader.failed());
}

TEST(Bytes, ThatAreMalformedAreRefused) {
  const auto fails = [](std::string_view bytes, const auto& read) {
    ByteReader reader(bytes);
    read(reader);
    return reader.failed();
  };
  EXPECT_TRUE(fails("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", [](ByteReader& r) { r.varint(); }))
      << "the number has more than 64 bits";
  EXPECT_TRUE(fails("\x80", [](ByteReader& r) { r.varint(); }));
  EXPECT_TRUE(fails("\x05hi", [](ByteReader& r) { r.text(); }));
  EXPECT_TRUE(fails("1234567", [](ByteReader& r) { r.real(); }));
  EXPECT_TRUE(fails("\x03", [](ByteReader& r) { r.points(); }))
      << "the only valid odd number is the one that announces a double";
  EXPECT_TRUE(fails("\x7F", [](ByteReader& r) { r.count(2); }))
      << "more entries than can follow in the rest of the bytes";
}

TEST(Bytes, HaveTheStandardCrc32cChecksum) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU) << "RFC 3720, B.4";
  EXPECT_EQ(crc32c("56789", crc32c("1234")), crc32c("123456789"));
}

TEST(File, ReturnsWhatWasWritten) {
  const Folder folder;
  const auto pieces = some_pieces();
  ASSERT_GE(pieces.size(), 4U);
  write_file(folder.path("a"), pieces);
  auto file = FileReader::open(folder.path("a"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->head().instance, "matchmaker-1");
  EXPECT_EQ(file->head().started_at, kBegun);
  EXPECT_EQ(file->head().part, 7);
  const auto got = read_file(folder.path("a"));
  EXPECT_EQ(got.end, FileReader::Read::end);
  EXPECT_EQ(got.pieces, pieces);
}

TEST(File, StoresPiecesThatHardlyCompress) {
  const Folder folder;
  std::mt19937_64 random(3);
  Pieces pieces(3);
  for (auto& piece : pieces) {
    for (int i = 0; i < 700'000; ++i) piece.push_back(static_cast<char>(random()));
  }
  pieces.emplace_back("x");
  pieces.emplace_back(2'000'000, 'y');
  write_file(folder.path("a"), pieces);
  EXPECT_EQ(read_file(folder.path("a")).pieces, pieces);
}

TEST(File, CutOffAnywhereIsReadUpToTheCut) {
  const Folder folder;
  const auto pieces = some_pieces();
  write_file(folder.path("whole"), pieces);
  const auto whole = text_of(folder.path("whole"));
  std::size_t before = 0;
  std::size_t reported = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_text(folder.path("cut"), whole.substr(0, size));
    const auto got = read_file(folder.path("cut"));
    ASSERT_NE(got.end, FileReader::Read::end) << size;
    ASSERT_GE(got.pieces.size(), before) << size;
    before = got.pieces.size();
    for (std::size_t i = 0; i < before; ++i) ASSERT_EQ(got.pieces[i], pieces[i]);
    // A file that ends between two blocks may still be written to. One that ends elsewhere is reported as cut off.
    if (got.end == FileReader::Read::damaged) {
      ASSERT_TRUE(got.failure.find("is cut off") != std::string::npos ||
                  got.failure.find("not a recording") != std::string::npos ||
                  got.failure.find("has no head") != std::string::npos)
          << got.failure;
      ++reported;
    }
  }
  EXPECT_EQ(before, pieces.size());
  EXPECT_EQ(reported, whole.size() - pieces.size() - 1)
      << "every cut except those at the end of the head or of a piece";
}

TEST(File, DamagedAnywhereIsReadUpToTheDamage) {
  const Folder folder;
  const auto pieces = some_pieces();
  write_file(folder.path("whole"), pieces);
  const auto whole = text_of(folder.path("whole"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto text = whole;
    text[at] = static_cast<char>(text[at] ^ (1 << (at % 8)));
    write_text(folder.path("damaged"), text);
    const auto got = read_file(folder.path("damaged"));
    ASSERT_EQ(got.end, FileReader::Read::damaged) << at;
    ASSERT_FALSE(got.failure.empty());
    ASSERT_LE(got.pieces.size(), pieces.size());
    for (std::size_t i = 0; i < got.pieces.size(); ++i) ASSERT_EQ(got.pieces[i], pieces[i]) << at;
  }
}

TEST(File, OfAKilledWriterIsUnfinished) {
  const Folder folder;
  const auto pieces = some_pieces();
  write_file(folder.path("a"), pieces, true);
  const auto got = read_file(folder.path("a"));
  EXPECT_EQ(got.end, FileReader::Read::unfinished);
  EXPECT_EQ(got.pieces, pieces);
  const auto replay = replay_file(folder.path("a"));
  EXPECT_TRUE(replay.unfinished);
  EXPECT_EQ(replay.failure, "");
  EXPECT_EQ(replay.counts.ticks, 4U);
}

TEST(File, OfAnotherKindOrVersionIsRefused) {
  const Folder folder;
  const auto path = folder.path("a");
  EXPECT_EQ(read_file(path).failure, path + ": No such file or directory");
  write_text(path, "[[mode]]\nid = \"ranked\"\n");
  EXPECT_EQ(read_file(path).failure, path + " is not a recording");
  write_file(folder.path("b"), some_pieces());
  auto text = text_of(folder.path("b"));
  text[8] = 2;
  write_text(path, text);
  EXPECT_EQ(read_file(path).failure, path + " is a recording of version 2; this program reads version 1");
}

// A checksum protects only against accidental damage. Events that were altered on purpose must do no harm either.
TEST(Events, ThatWereAlteredAreRefusedOrHarmless) {
  std::mt19937_64 random(11);
  const auto pieces = some_pieces();
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    auto made = pieces;
    auto& piece = made[random() % made.size()];
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      piece[random() % piece.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) piece.resize(random() % piece.size());
    refused += play(made).failure.empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 500);
  EXPECT_NE(play({"\x20"}).failure.find("no event of kind 32"), std::string::npos);
}

}  // namespace
}  // namespace mm::matchmaker::recording
