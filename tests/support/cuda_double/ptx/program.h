// SPDX-License-Identifier: Apache-2.0
// A PTX module, decoded: functions as rows of instructions whose operands are places in a register file.
//
// The registers of a warp lie lane by lane: a 32-bit register is 32 words in a row, a predicate one word with a bit per
// lane. Constants and special registers (%tid.x, ...) are registers too, filled in when a function is entered.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/cuda_double/ptx/type.h"

namespace axfire::cuda_double {

inline constexpr u32 kLanes = 32;
inline constexpr u32 kAllLanes = 0xffffffffu;

class Warp;
struct Function;
struct Instruction;

/// Does one instruction for the lanes in `mask`.
using Handler = void (*)(Warp& warp, const Instruction& i, u32 mask);

/// What an instruction does to the order of execution.
enum class Flow : u8 { plain, branch, branch_indexed, call, leave, exit, barrier, collective };

enum class Space : u8 { generic, global, shared, local, constant, parameter };

/// A place in the caller's parameter memory.
struct Passed {
    u32 offset = 0;
    u32 bytes = 0;
};

struct Instruction {
    Handler run = nullptr;
    Handler inner = nullptr;  ///< what `run` does under another rounding mode
    Flow flow = Flow::plain;
    Space space = Space::generic;
    u8 bytes = 0;           ///< of one element in memory, or of a part of a vector
    u8 count = 1;           ///< elements of a vector
    u8 register_bytes = 0;  ///< of a source that may be wider than `bytes`, or of what is loaded
    u8 result_bytes = 0;    ///< of the register of a converted value
    Type to;                ///< of a conversion
    Type from;
    u8 option = 0;  ///< what the handler needs besides, by its own numbering
    bool guarded = false;
    bool guard_negated = false;
    bool negated[4] = {};   ///< inputs that are negated predicates
    bool has_base = false;  ///< the address is in[0] + offset, else offset alone
    bool base_is_64 = false;
    bool extends_sign = false;
    bool is_ordered = false;  ///< volatile, relaxed, acquire or release: no party to a data race
    u32 guard = 0;
    u32 out[4] = {};  ///< byte offsets into the register file
    u32 in[4] = {};
    s64 offset = 0;  ///< of an address
    u32 target = 0;  ///< index of an instruction
    u32 line = 0;
    std::vector<u32> targets;          ///< of an indexed branch
    const Function* callee = nullptr;  ///< of a call; null for one through the pointer in in[0]
    std::vector<Passed> arguments;     ///< of a call
    std::vector<Passed> results;
};

/// A value passed to or from a function.
struct Parameter {
    std::string name;
    u32 offset = 0;
    u32 bytes = 0;
};

// The special registers lie first, each as wide as a 32-bit register.
enum Special : u32 {
    kTidX,
    kTidY,
    kTidZ,
    kNtidX,
    kNtidY,
    kNtidZ,
    kCtaidX,
    kCtaidY,
    kCtaidZ,
    kNctaidX,
    kNctaidY,
    kNctaidZ,
    kLaneId,
    kWarpId,
    kNwarpId,
    kWarpSize,
    kLaneMaskEq,
    kLaneMaskLt,
    kLaneMaskLe,
    kLaneMaskGt,
    kLaneMaskGe,
    kDynamicSharedSize,
    kTotalSharedSize,
    kSpecials
};
inline constexpr u32 kSlotBytes = 4 * kLanes;

/// A constant that is known when a function is entered: its value counts from the beginning of a part of memory.
struct Relocation {
    enum Base : u8 { kLocal, kModuleShared, kDynamicShared };
    Base base;
    u8 bytes;
    u32 slot;
};

struct Function {
    std::string name;
    bool is_kernel = false;
    bool is_defined = false;
    std::vector<Parameter> parameters;  ///< a kernel's lie in launch memory, a function's in parameter memory
    std::vector<Parameter> results;
    u32 kernel_parameter_bytes = 0;
    u32 parameter_bytes = 0;  ///< parameter memory of a lane: of a function its own, and those of the calls it makes
    u32 local_bytes = 0;
    u32 shared_bytes = 0;  ///< of a kernel's own arrays
    u32 register_bytes = 0;
    u32 register_count = 0;  ///< of 32 bits, as declared
    u32 max_threads = 1024;
    std::vector<u8> initial_registers;  ///< the constants
    std::vector<Relocation> relocations;
    std::vector<Instruction> code;
};

// Addresses of functions: not in any memory.
inline constexpr u64 kFunctionWindow = 0x0e00'0003'0000'0000u;
inline constexpr u64 kFunctionBytes = 16;

struct Global {
    u64 address = 0;
    u64 bytes = 0;
};

struct Module {
    u32 version = 0;  ///< of the PTX language, times ten
    u32 target = 0;   ///< 75 for sm_75
    std::map<std::string, std::unique_ptr<Function>> functions;
    std::vector<const Function*> function_table;  ///< by their addresses
    std::map<std::string, Global> globals;
    u32 shared_bytes = 0;            ///< of arrays that belong to no kernel
    u32 granule = 4;                 ///< bytes of the smallest access to memory that threads share, at most 4
    std::vector<std::string> lines;  ///< of the source, for messages
};

}  // namespace axfire::cuda_double
