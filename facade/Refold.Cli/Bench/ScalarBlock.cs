// One block of ChaCha20 with scalar instructions, its sixteen words in locals: the least that restoring a generator and one draw cost.
// The raw loop of RandomRows. RFC 8439, section 2.3.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Refold.Bench;

internal static class ScalarBlock
{
    private static uint kept;

    /// <summary>Makes blocks, one after the other's counter.</summary>
    public static void Times(int count)
    {
        uint sum = 0;
        for (int counter = 0; counter < count; counter++) sum ^= First((uint)counter);
        kept ^= sum;
    }

    private static uint First(uint counter)
    {
        uint a0 = 0x61707865, a1 = 0x3320646e, a2 = 0x79622d32, a3 = 0x6b206574;
        uint b0 = 1, b1 = 2, b2 = 3, b3 = 4, c0 = 5, c1 = 6, c2 = 7, c3 = 8, d0 = counter, d1 = 0, d2 = 0, d3 = 0;
        for (int round = 0; round < 10; round++)
        {
            Quarter(ref a0, ref b0, ref c0, ref d0);
            Quarter(ref a1, ref b1, ref c1, ref d1);
            Quarter(ref a2, ref b2, ref c2, ref d2);
            Quarter(ref a3, ref b3, ref c3, ref d3);
            Quarter(ref a0, ref b1, ref c2, ref d3);
            Quarter(ref a1, ref b2, ref c3, ref d0);
            Quarter(ref a2, ref b3, ref c0, ref d1);
            Quarter(ref a3, ref b0, ref c1, ref d2);
        }

        return a0 ^ a1 ^ a2 ^ a3 ^ b0 ^ b1 ^ b2 ^ b3 ^ c0 ^ c1 ^ c2 ^ c3 ^ d0 ^ d1 ^ d2 ^ d3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        unchecked
        {
            a += b;
            d = BitOperations.RotateLeft(d ^ a, 16);
            c += d;
            b = BitOperations.RotateLeft(b ^ c, 12);
            a += b;
            d = BitOperations.RotateLeft(d ^ a, 8);
            c += d;
            b = BitOperations.RotateLeft(b ^ c, 7);
        }
    }
}
