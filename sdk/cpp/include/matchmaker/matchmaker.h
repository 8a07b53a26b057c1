// Everything of the SDK. For the pieces see the headers below.
#pragma once

#include "matchmaker/client.h"
#include "matchmaker/events.h"
#include "matchmaker/game_connection.h"
#include "matchmaker/result.h"
#include "matchmaker/types.h"
