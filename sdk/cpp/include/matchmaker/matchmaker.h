// Includes all public headers of the SDK except transport.h.
#pragma once

#include "matchmaker/client.h"
#include "matchmaker/events.h"
#include "matchmaker/game_connection.h"
#include "matchmaker/result.h"
#include "matchmaker/types.h"
