// GUIDs that follow from a random state.
// Used by OperationContext and OperationRunner.
namespace Refold;

internal static class OperationGuid
{
    /// <summary>The GUID of a state: its next 16 bytes as version 8 (RFC 9562).</summary>
    public static Guid Of(RngState state)
    {
        Span<byte> bytes = stackalloc byte[16];
        new SeededRng(state).Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
