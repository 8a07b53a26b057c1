// How user names and e-mail addresses are compared: in lower case. User names are ASCII; of an address only the ASCII
// letters are folded, because what other letters mean to a mail server is not ours to know.
#pragma once

#include <string>
#include <string_view>

namespace mm::profile {

inline std::string folded(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace mm::profile
