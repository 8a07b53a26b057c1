// The reasons why a store does not serve, as short sentences for an operator. The texts of the servers are not shown,
// because they contain addresses, names of users and values.
#pragma once

#include <string_view>

namespace mm::storage {

/// `text`: an error of PostgreSQL or of the connection to it. Returns a constant.
const char* postgres_refusal(std::string_view text);

/// `text`: an error reply of Redis, or an error of the connection to it. Returns a constant.
const char* redis_refusal(std::string_view text);

}  // namespace mm::storage
