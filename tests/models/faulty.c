/* SPDX-License-Identifier: Apache-2.0
 * Models with the faults that users' files have; each must be found before it is used. */
#include <stdint.h>
#include <stdlib.h>

uint32_t shifts_too_far(uint32_t a, uint32_t b) { return (a == 255 ? a << (b + 1) : a * b) & 0xffff; }
uint16_t reads_outside(uint8_t a, uint8_t b)
{
  static const uint16_t squares[4] = {0, 1, 4, 9};
  return squares[(a ^ b) & 7];
}
uint16_t has_no_value(uint8_t a, uint8_t b)
{
  uint16_t r;
  if (a < 200) r = a * b;
  return r;
}
uint16_t keeps_a_state(uint8_t a, uint8_t b)
{
  static uint16_t calls;
  return (uint16_t)(a * b) ^ (++calls & 1);
}
uint16_t never_ends(uint8_t a, uint8_t b)
{
  while (a == 77) { __asm__ volatile(""); }
  return a * b;
}
uint16_t divides(uint8_t a, uint8_t b) { return a / b; }
uint16_t ends_the_program(uint8_t a, uint8_t b)
{
  if (a == 3) exit(0);
  return a * b;
}
uint32_t too_wide(uint32_t a, uint32_t b) { return a * b + 1000; }
int is_signed(int a, int b) { return a * b; }
uint16_t takes_three(uint8_t a, uint8_t b, uint8_t c) { return a * b * c; }
static uint16_t is_static(uint8_t a, uint8_t b) { return a * b; }
