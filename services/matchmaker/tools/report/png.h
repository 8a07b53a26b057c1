// Turns an SVG into a PNG with rsvg-convert (Debian's librsvg2-bin), if that is installed.
#pragma once

#include <string>

namespace mm::matchmaker::tools {

/// Whether the program is there.
bool can_write_png();

/// False if it cannot be run, or does not succeed.
bool write_png(const std::string& svg_path, const std::string& png_path);

}  // namespace mm::matchmaker::tools
