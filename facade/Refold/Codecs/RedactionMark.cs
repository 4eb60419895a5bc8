// What the mark `{"$redacted":..}` on a recorded payload is worth.
// Asked of a codec, or of a handler of HTTP, when an operation is replayed.
namespace Refold;

internal enum RedactionMark
{
    /// <summary>Nothing was replaced, and nothing would be.</summary>
    Absent,

    /// <summary>Something was replaced: what stands for it is there, wherever the reader would put it.</summary>
    Right,

    /// <summary>There is a mark where the reader would make none, or none where it would.</summary>
    Wrong,
}
