// The reading function of a codec over spans.
// Written by applications; called by Codec<T> with the bytes of entries where they lie.
namespace Refold;

/// <summary>Reads a value from its payload where the payload lies. The bytes are there during the call only: what is to stay is
/// copied.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <param name="payload">The bytes.</param>
/// <returns>The value.</returns>
/// <exception cref="FormatException">The bytes are no payload. Any other exception says the same.</exception>
public delegate T SpanDecoder<out T>(ReadOnlySpan<byte> payload);
