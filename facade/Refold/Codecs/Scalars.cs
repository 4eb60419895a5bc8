// Whether two single values are the same in every part: scale, kind, offset and sign included.
// Called by Likeness.
using System.Numerics;

namespace Refold;

internal static class Scalars
{
    /// <summary>Whether both are the same; null where the first is no single value.</summary>
    public static bool? Same(object written, object read) => written switch
    {
        string text => read is string other && string.Equals(text, other, StringComparison.Ordinal),
        double number => read is double other && Same(number, other),
        float number => read is float other && Same(number, other),
        Half number => read is Half other && Same(number, other),
        // The sign of a zero is not written; nothing but its bits shows it.
        decimal number => read is decimal other && number == other && number.Scale == other.Scale,
        DateTime time => read is DateTime other && time.Ticks == other.Ticks && time.Kind == other.Kind,
        DateTimeOffset time => read is DateTimeOffset other && time.EqualsExact(other),
        byte[] bytes => read is byte[] other && bytes.AsSpan().SequenceEqual(other),
        Memory<byte> bytes => read is Memory<byte> other && bytes.Span.SequenceEqual(other.Span),
        ReadOnlyMemory<byte> bytes => read is ReadOnlyMemory<byte> other && bytes.Span.SequenceEqual(other.Span),
        Uri address => read is Uri other && address.OriginalString == other.OriginalString && address.IsAbsoluteUri == other.IsAbsoluteUri,
        Guid or TimeSpan or DateOnly or TimeOnly or Version or BigInteger or Int128 or UInt128 or Enum => written.Equals(read),
        _ => written.GetType().IsPrimitive ? written.Equals(read) : null,
    };

    // Any NaN is as good as another: which one an operation gives depends on the processor.
    private static bool Same<T>(T written, T read)
        where T : IFloatingPointIeee754<T> =>
        T.IsNaN(written) ? T.IsNaN(read) : written == read && T.IsNegative(written) == T.IsNegative(read);
}
