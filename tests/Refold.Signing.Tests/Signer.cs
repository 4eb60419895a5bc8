// A signer whose answer a test chooses: a service with the key, or one that fails.
// Used by the tests of notes and of the memory.
namespace Refold.Signing.Tests;

internal sealed class Signer(VerifierKey key, Func<ReadOnlyMemory<byte>, byte[]> sign) : INoteSigner
{
    public VerifierKey Key { get; } = key;

    public async ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        // As a service does, which answers later and on another thread.
        await Task.Yield();
        return sign(message);
    }
}
