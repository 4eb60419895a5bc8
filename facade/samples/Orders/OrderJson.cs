// The JSON metadata of everything that is recorded, made when this is compiled.
// Used by the codecs of Order.cs.
using System.Text.Json.Serialization;

namespace Orders;

[JsonSerializable(typeof(OrderCommand))]
[JsonSerializable(typeof(Place))]
[JsonSerializable(typeof(Draw))]
[JsonSerializable(typeof(Cancel))]
[JsonSerializable(typeof(OrderEvent))]
[JsonSerializable(typeof(Placed))]
[JsonSerializable(typeof(Won))]
[JsonSerializable(typeof(OrderState))]
public sealed partial class OrderJson : JsonSerializerContext;
