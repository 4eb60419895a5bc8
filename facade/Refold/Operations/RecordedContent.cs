// The body of an answer that is recorded: handed over whole, also to a client whose time is over by then.
// Given to HttpClient by OperationHttpHandler.
using System.Net;

namespace Refold;

/// <summary>A client reads a body under its time-out, which may end while the answer is made durable: live it would give up what in
/// replay it is answered. So these reads, which wait for nothing, heed no token.</summary>
internal sealed class RecordedContent(byte[] body) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        stream.WriteAsync(body, CancellationToken.None).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new Whole(body));

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => new Whole(body);

    private sealed class Whole(byte[] body) : MemoryStream(body, writable: false)
    {
        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.FromResult(Read(buffer, offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span));
    }
}
