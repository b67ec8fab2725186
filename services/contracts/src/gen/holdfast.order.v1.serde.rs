impl serde::Serialize for CancelReason {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "CANCEL_REASON_UNSPECIFIED",
            Self::OutOfStock => "CANCEL_REASON_OUT_OF_STOCK",
            Self::PaymentDeclined => "CANCEL_REASON_PAYMENT_DECLINED",
            Self::PaymentTimeout => "CANCEL_REASON_PAYMENT_TIMEOUT",
            Self::CancelledByCustomer => "CANCEL_REASON_CANCELLED_BY_CUSTOMER",
            Self::CancelledByOperator => "CANCEL_REASON_CANCELLED_BY_OPERATOR",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for CancelReason {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "CANCEL_REASON_UNSPECIFIED",
            "CANCEL_REASON_OUT_OF_STOCK",
            "CANCEL_REASON_PAYMENT_DECLINED",
            "CANCEL_REASON_PAYMENT_TIMEOUT",
            "CANCEL_REASON_CANCELLED_BY_CUSTOMER",
            "CANCEL_REASON_CANCELLED_BY_OPERATOR",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = CancelReason;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(CancelReason::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(CancelReason::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "CANCEL_REASON_UNSPECIFIED" => Ok(CancelReason::Unspecified),
                    "CANCEL_REASON_OUT_OF_STOCK" => Ok(CancelReason::OutOfStock),
                    "CANCEL_REASON_PAYMENT_DECLINED" => Ok(CancelReason::PaymentDeclined),
                    "CANCEL_REASON_PAYMENT_TIMEOUT" => Ok(CancelReason::PaymentTimeout),
                    "CANCEL_REASON_CANCELLED_BY_CUSTOMER" => Ok(CancelReason::CancelledByCustomer),
                    "CANCEL_REASON_CANCELLED_BY_OPERATOR" => Ok(CancelReason::CancelledByOperator),
                    _ => Ok(CancelReason::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for CancelRequested {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.requester != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.CancelRequested", len)?;
        if self.requester != 0 {
            let v = Requester::try_from(self.requester)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.requester)))?;
            struct_ser.serialize_field("requester", &v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CancelRequested {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "requester",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Requester,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "requester" => Ok(GeneratedField::Requester),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CancelRequested;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.CancelRequested")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CancelRequested, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut requester__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Requester => {
                            if requester__.is_some() {
                                return Err(serde::de::Error::duplicate_field("requester"));
                            }
                            requester__ = Some(map_.next_value::<Requester>()? as i32);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(CancelRequested {
                    requester: requester__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.CancelRequested", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ChargePayment {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.attempt != 0 {
            len += 1;
        }
        if self.amount.is_some() {
            len += 1;
        }
        if !self.payment_token.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.ChargePayment", len)?;
        if self.attempt != 0 {
            struct_ser.serialize_field("attempt", &self.attempt)?;
        }
        if let Some(v) = self.amount.as_ref() {
            struct_ser.serialize_field("amount", v)?;
        }
        if !self.payment_token.is_empty() {
            struct_ser.serialize_field("paymentToken", &self.payment_token)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ChargePayment {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "attempt",
            "amount",
            "payment_token",
            "paymentToken",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Attempt,
            Amount,
            PaymentToken,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "attempt" => Ok(GeneratedField::Attempt),
                            "amount" => Ok(GeneratedField::Amount),
                            "paymentToken" | "payment_token" => Ok(GeneratedField::PaymentToken),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ChargePayment;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.ChargePayment")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ChargePayment, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut attempt__ = None;
                let mut amount__ = None;
                let mut payment_token__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Attempt => {
                            if attempt__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempt"));
                            }
                            attempt__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Amount => {
                            if amount__.is_some() {
                                return Err(serde::de::Error::duplicate_field("amount"));
                            }
                            amount__ = map_.next_value()?;
                        }
                        GeneratedField::PaymentToken => {
                            if payment_token__.is_some() {
                                return Err(serde::de::Error::duplicate_field("paymentToken"));
                            }
                            payment_token__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ChargePayment {
                    attempt: attempt__.unwrap_or_default(),
                    amount: amount__,
                    payment_token: payment_token__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.ChargePayment", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CommitInventory {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("holdfast.order.v1.CommitInventory", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CommitInventory {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Ok(GeneratedField::__SkipField__)
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CommitInventory;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.CommitInventory")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CommitInventory, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(CommitInventory {
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.CommitInventory", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InventoryNotAvailable {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.skus.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.InventoryNotAvailable", len)?;
        if !self.skus.is_empty() {
            struct_ser.serialize_field("skus", &self.skus)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InventoryNotAvailable {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "skus",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Skus,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "skus" => Ok(GeneratedField::Skus),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InventoryNotAvailable;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.InventoryNotAvailable")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InventoryNotAvailable, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut skus__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Skus => {
                            if skus__.is_some() {
                                return Err(serde::de::Error::duplicate_field("skus"));
                            }
                            skus__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(InventoryNotAvailable {
                    skus: skus__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.InventoryNotAvailable", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InventoryReleased {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("holdfast.order.v1.InventoryReleased", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InventoryReleased {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Ok(GeneratedField::__SkipField__)
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InventoryReleased;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.InventoryReleased")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InventoryReleased, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(InventoryReleased {
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.InventoryReleased", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InventoryReserved {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("holdfast.order.v1.InventoryReserved", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for InventoryReserved {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Ok(GeneratedField::__SkipField__)
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = InventoryReserved;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.InventoryReserved")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<InventoryReserved, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(InventoryReserved {
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.InventoryReserved", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OrderCancelled {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.reason != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.OrderCancelled", len)?;
        if self.reason != 0 {
            let v = CancelReason::try_from(self.reason)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.reason)))?;
            struct_ser.serialize_field("reason", &v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OrderCancelled {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "reason",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Reason,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reason" => Ok(GeneratedField::Reason),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OrderCancelled;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.OrderCancelled")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OrderCancelled, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut reason__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value::<CancelReason>()? as i32);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OrderCancelled {
                    reason: reason__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.OrderCancelled", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OrderCommand {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.command.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.OrderCommand", len)?;
        if let Some(v) = self.command.as_ref() {
            match v {
                order_command::Command::ReserveInventory(v) => {
                    struct_ser.serialize_field("reserveInventory", v)?;
                }
                order_command::Command::CommitInventory(v) => {
                    struct_ser.serialize_field("commitInventory", v)?;
                }
                order_command::Command::ReleaseInventory(v) => {
                    struct_ser.serialize_field("releaseInventory", v)?;
                }
                order_command::Command::ChargePayment(v) => {
                    struct_ser.serialize_field("chargePayment", v)?;
                }
                order_command::Command::ResolvePayment(v) => {
                    struct_ser.serialize_field("resolvePayment", v)?;
                }
                order_command::Command::RefundPayment(v) => {
                    struct_ser.serialize_field("refundPayment", v)?;
                }
                order_command::Command::ScheduleTimer(v) => {
                    struct_ser.serialize_field("scheduleTimer", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OrderCommand {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "reserve_inventory",
            "reserveInventory",
            "commit_inventory",
            "commitInventory",
            "release_inventory",
            "releaseInventory",
            "charge_payment",
            "chargePayment",
            "resolve_payment",
            "resolvePayment",
            "refund_payment",
            "refundPayment",
            "schedule_timer",
            "scheduleTimer",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ReserveInventory,
            CommitInventory,
            ReleaseInventory,
            ChargePayment,
            ResolvePayment,
            RefundPayment,
            ScheduleTimer,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reserveInventory" | "reserve_inventory" => Ok(GeneratedField::ReserveInventory),
                            "commitInventory" | "commit_inventory" => Ok(GeneratedField::CommitInventory),
                            "releaseInventory" | "release_inventory" => Ok(GeneratedField::ReleaseInventory),
                            "chargePayment" | "charge_payment" => Ok(GeneratedField::ChargePayment),
                            "resolvePayment" | "resolve_payment" => Ok(GeneratedField::ResolvePayment),
                            "refundPayment" | "refund_payment" => Ok(GeneratedField::RefundPayment),
                            "scheduleTimer" | "schedule_timer" => Ok(GeneratedField::ScheduleTimer),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OrderCommand;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.OrderCommand")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OrderCommand, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut command__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ReserveInventory => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reserveInventory"));
                            }
                            command__ = map_.next_value::<::std::option::Option<_>>()?.map(order_command::Command::ReserveInventory)
;
                        }
                        GeneratedField::CommitInventory => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitInventory"));
                            }
                            command__ = map_.next_value::<::std::option::Option<_>>()?.map(order_command::Command::CommitInventory)
;
                        }
                        GeneratedField::ReleaseInventory => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("releaseInventory"));
                            }
                            command__ = map_.next_value::<::std::option::Option<_>>()?.map(order_command::Command::ReleaseInventory)
;
                        }
                        GeneratedField::ChargePayment => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargePayment"));
                            }
                            command__ = map_.next_value::<::std::option::Option<_>>()?.map(order_command::Command::ChargePayment)
;
                        }
                        GeneratedField::ResolvePayment => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("resolvePayment"));
                            }
                            command__ = map_.next_value::<::std::option::Option<_>>()?.map(order_command::Command::ResolvePayment)
;
                        }
                        GeneratedField::RefundPayment => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("refundPayment"));
                            }
                            command__ = map_.next_value::<::std::option::Option<_>>()?.map(order_command::Command::RefundPayment)
;
                        }
                        GeneratedField::ScheduleTimer => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("scheduleTimer"));
                            }
                            command__ = map_.next_value::<::std::option::Option<_>>()?.map(order_command::Command::ScheduleTimer)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OrderCommand {
                    command: command__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.OrderCommand", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OrderCommit {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.order_id.is_empty() {
            len += 1;
        }
        if !self.user_id.is_empty() {
            len += 1;
        }
        if self.time.is_some() {
            len += 1;
        }
        if !self.events.is_empty() {
            len += 1;
        }
        if !self.commands.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.OrderCommit", len)?;
        if !self.order_id.is_empty() {
            struct_ser.serialize_field("orderId", &self.order_id)?;
        }
        if !self.user_id.is_empty() {
            struct_ser.serialize_field("userId", &self.user_id)?;
        }
        if let Some(v) = self.time.as_ref() {
            struct_ser.serialize_field("time", v)?;
        }
        if !self.events.is_empty() {
            struct_ser.serialize_field("events", &self.events)?;
        }
        if !self.commands.is_empty() {
            struct_ser.serialize_field("commands", &self.commands)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OrderCommit {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "order_id",
            "orderId",
            "user_id",
            "userId",
            "time",
            "events",
            "commands",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OrderId,
            UserId,
            Time,
            Events,
            Commands,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "orderId" | "order_id" => Ok(GeneratedField::OrderId),
                            "userId" | "user_id" => Ok(GeneratedField::UserId),
                            "time" => Ok(GeneratedField::Time),
                            "events" => Ok(GeneratedField::Events),
                            "commands" => Ok(GeneratedField::Commands),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OrderCommit;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.OrderCommit")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OrderCommit, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut order_id__ = None;
                let mut user_id__ = None;
                let mut time__ = None;
                let mut events__ = None;
                let mut commands__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::OrderId => {
                            if order_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderId"));
                            }
                            order_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::UserId => {
                            if user_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("userId"));
                            }
                            user_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Time => {
                            if time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("time"));
                            }
                            time__ = map_.next_value()?;
                        }
                        GeneratedField::Events => {
                            if events__.is_some() {
                                return Err(serde::de::Error::duplicate_field("events"));
                            }
                            events__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Commands => {
                            if commands__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commands"));
                            }
                            commands__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OrderCommit {
                    order_id: order_id__.unwrap_or_default(),
                    user_id: user_id__.unwrap_or_default(),
                    time: time__,
                    events: events__.unwrap_or_default(),
                    commands: commands__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.OrderCommit", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OrderCompleted {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("holdfast.order.v1.OrderCompleted", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OrderCompleted {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Ok(GeneratedField::__SkipField__)
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OrderCompleted;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.OrderCompleted")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OrderCompleted, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(OrderCompleted {
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.OrderCompleted", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OrderCreated {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.lines.is_empty() {
            len += 1;
        }
        if self.total.is_some() {
            len += 1;
        }
        if !self.payment_token.is_empty() {
            len += 1;
        }
        if self.limited_stock {
            len += 1;
        }
        if !self.request_fingerprint.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.OrderCreated", len)?;
        if !self.lines.is_empty() {
            struct_ser.serialize_field("lines", &self.lines)?;
        }
        if let Some(v) = self.total.as_ref() {
            struct_ser.serialize_field("total", v)?;
        }
        if !self.payment_token.is_empty() {
            struct_ser.serialize_field("paymentToken", &self.payment_token)?;
        }
        if self.limited_stock {
            struct_ser.serialize_field("limitedStock", &self.limited_stock)?;
        }
        if !self.request_fingerprint.is_empty() {
            struct_ser.serialize_field("requestFingerprint", &self.request_fingerprint)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OrderCreated {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "lines",
            "total",
            "payment_token",
            "paymentToken",
            "limited_stock",
            "limitedStock",
            "request_fingerprint",
            "requestFingerprint",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Lines,
            Total,
            PaymentToken,
            LimitedStock,
            RequestFingerprint,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "lines" => Ok(GeneratedField::Lines),
                            "total" => Ok(GeneratedField::Total),
                            "paymentToken" | "payment_token" => Ok(GeneratedField::PaymentToken),
                            "limitedStock" | "limited_stock" => Ok(GeneratedField::LimitedStock),
                            "requestFingerprint" | "request_fingerprint" => Ok(GeneratedField::RequestFingerprint),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OrderCreated;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.OrderCreated")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OrderCreated, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut lines__ = None;
                let mut total__ = None;
                let mut payment_token__ = None;
                let mut limited_stock__ = None;
                let mut request_fingerprint__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Lines => {
                            if lines__.is_some() {
                                return Err(serde::de::Error::duplicate_field("lines"));
                            }
                            lines__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Total => {
                            if total__.is_some() {
                                return Err(serde::de::Error::duplicate_field("total"));
                            }
                            total__ = map_.next_value()?;
                        }
                        GeneratedField::PaymentToken => {
                            if payment_token__.is_some() {
                                return Err(serde::de::Error::duplicate_field("paymentToken"));
                            }
                            payment_token__ = Some(map_.next_value()?);
                        }
                        GeneratedField::LimitedStock => {
                            if limited_stock__.is_some() {
                                return Err(serde::de::Error::duplicate_field("limitedStock"));
                            }
                            limited_stock__ = Some(map_.next_value()?);
                        }
                        GeneratedField::RequestFingerprint => {
                            if request_fingerprint__.is_some() {
                                return Err(serde::de::Error::duplicate_field("requestFingerprint"));
                            }
                            request_fingerprint__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OrderCreated {
                    lines: lines__.unwrap_or_default(),
                    total: total__,
                    payment_token: payment_token__.unwrap_or_default(),
                    limited_stock: limited_stock__.unwrap_or_default(),
                    request_fingerprint: request_fingerprint__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.OrderCreated", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OrderEvent {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.version != 0 {
            len += 1;
        }
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.OrderEvent", len)?;
        if self.version != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("version", ToString::to_string(&self.version).as_str())?;
        }
        if let Some(v) = self.event.as_ref() {
            match v {
                order_event::Event::OrderCreated(v) => {
                    struct_ser.serialize_field("orderCreated", v)?;
                }
                order_event::Event::InventoryReserved(v) => {
                    struct_ser.serialize_field("inventoryReserved", v)?;
                }
                order_event::Event::InventoryNotAvailable(v) => {
                    struct_ser.serialize_field("inventoryNotAvailable", v)?;
                }
                order_event::Event::PaymentPending(v) => {
                    struct_ser.serialize_field("paymentPending", v)?;
                }
                order_event::Event::PaymentSucceeded(v) => {
                    struct_ser.serialize_field("paymentSucceeded", v)?;
                }
                order_event::Event::PaymentFailed(v) => {
                    struct_ser.serialize_field("paymentFailed", v)?;
                }
                order_event::Event::InventoryReleased(v) => {
                    struct_ser.serialize_field("inventoryReleased", v)?;
                }
                order_event::Event::OrderCompleted(v) => {
                    struct_ser.serialize_field("orderCompleted", v)?;
                }
                order_event::Event::OrderCancelled(v) => {
                    struct_ser.serialize_field("orderCancelled", v)?;
                }
                order_event::Event::CancelRequested(v) => {
                    struct_ser.serialize_field("cancelRequested", v)?;
                }
                order_event::Event::PaymentRefunded(v) => {
                    struct_ser.serialize_field("paymentRefunded", v)?;
                }
                order_event::Event::SagaParked(v) => {
                    struct_ser.serialize_field("sagaParked", v)?;
                }
                order_event::Event::SagaResumed(v) => {
                    struct_ser.serialize_field("sagaResumed", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OrderEvent {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "version",
            "order_created",
            "orderCreated",
            "inventory_reserved",
            "inventoryReserved",
            "inventory_not_available",
            "inventoryNotAvailable",
            "payment_pending",
            "paymentPending",
            "payment_succeeded",
            "paymentSucceeded",
            "payment_failed",
            "paymentFailed",
            "inventory_released",
            "inventoryReleased",
            "order_completed",
            "orderCompleted",
            "order_cancelled",
            "orderCancelled",
            "cancel_requested",
            "cancelRequested",
            "payment_refunded",
            "paymentRefunded",
            "saga_parked",
            "sagaParked",
            "saga_resumed",
            "sagaResumed",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Version,
            OrderCreated,
            InventoryReserved,
            InventoryNotAvailable,
            PaymentPending,
            PaymentSucceeded,
            PaymentFailed,
            InventoryReleased,
            OrderCompleted,
            OrderCancelled,
            CancelRequested,
            PaymentRefunded,
            SagaParked,
            SagaResumed,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "version" => Ok(GeneratedField::Version),
                            "orderCreated" | "order_created" => Ok(GeneratedField::OrderCreated),
                            "inventoryReserved" | "inventory_reserved" => Ok(GeneratedField::InventoryReserved),
                            "inventoryNotAvailable" | "inventory_not_available" => Ok(GeneratedField::InventoryNotAvailable),
                            "paymentPending" | "payment_pending" => Ok(GeneratedField::PaymentPending),
                            "paymentSucceeded" | "payment_succeeded" => Ok(GeneratedField::PaymentSucceeded),
                            "paymentFailed" | "payment_failed" => Ok(GeneratedField::PaymentFailed),
                            "inventoryReleased" | "inventory_released" => Ok(GeneratedField::InventoryReleased),
                            "orderCompleted" | "order_completed" => Ok(GeneratedField::OrderCompleted),
                            "orderCancelled" | "order_cancelled" => Ok(GeneratedField::OrderCancelled),
                            "cancelRequested" | "cancel_requested" => Ok(GeneratedField::CancelRequested),
                            "paymentRefunded" | "payment_refunded" => Ok(GeneratedField::PaymentRefunded),
                            "sagaParked" | "saga_parked" => Ok(GeneratedField::SagaParked),
                            "sagaResumed" | "saga_resumed" => Ok(GeneratedField::SagaResumed),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OrderEvent;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.OrderEvent")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OrderEvent, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut version__ = None;
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::OrderCreated => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderCreated"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::OrderCreated)
;
                        }
                        GeneratedField::InventoryReserved => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("inventoryReserved"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::InventoryReserved)
;
                        }
                        GeneratedField::InventoryNotAvailable => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("inventoryNotAvailable"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::InventoryNotAvailable)
;
                        }
                        GeneratedField::PaymentPending => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("paymentPending"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::PaymentPending)
;
                        }
                        GeneratedField::PaymentSucceeded => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("paymentSucceeded"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::PaymentSucceeded)
;
                        }
                        GeneratedField::PaymentFailed => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("paymentFailed"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::PaymentFailed)
;
                        }
                        GeneratedField::InventoryReleased => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("inventoryReleased"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::InventoryReleased)
;
                        }
                        GeneratedField::OrderCompleted => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderCompleted"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::OrderCompleted)
;
                        }
                        GeneratedField::OrderCancelled => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderCancelled"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::OrderCancelled)
;
                        }
                        GeneratedField::CancelRequested => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("cancelRequested"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::CancelRequested)
;
                        }
                        GeneratedField::PaymentRefunded => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("paymentRefunded"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::PaymentRefunded)
;
                        }
                        GeneratedField::SagaParked => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sagaParked"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::SagaParked)
;
                        }
                        GeneratedField::SagaResumed => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sagaResumed"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(order_event::Event::SagaResumed)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OrderEvent {
                    version: version__.unwrap_or_default(),
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.OrderEvent", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OrderLine {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.sku.is_empty() {
            len += 1;
        }
        if self.quantity != 0 {
            len += 1;
        }
        if self.unit_price.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.OrderLine", len)?;
        if !self.sku.is_empty() {
            struct_ser.serialize_field("sku", &self.sku)?;
        }
        if self.quantity != 0 {
            struct_ser.serialize_field("quantity", &self.quantity)?;
        }
        if let Some(v) = self.unit_price.as_ref() {
            struct_ser.serialize_field("unitPrice", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OrderLine {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "sku",
            "quantity",
            "unit_price",
            "unitPrice",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Sku,
            Quantity,
            UnitPrice,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "sku" => Ok(GeneratedField::Sku),
                            "quantity" => Ok(GeneratedField::Quantity),
                            "unitPrice" | "unit_price" => Ok(GeneratedField::UnitPrice),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OrderLine;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.OrderLine")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OrderLine, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut sku__ = None;
                let mut quantity__ = None;
                let mut unit_price__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Sku => {
                            if sku__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sku"));
                            }
                            sku__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Quantity => {
                            if quantity__.is_some() {
                                return Err(serde::de::Error::duplicate_field("quantity"));
                            }
                            quantity__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::UnitPrice => {
                            if unit_price__.is_some() {
                                return Err(serde::de::Error::duplicate_field("unitPrice"));
                            }
                            unit_price__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OrderLine {
                    sku: sku__.unwrap_or_default(),
                    quantity: quantity__.unwrap_or_default(),
                    unit_price: unit_price__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.OrderLine", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PaymentFailed {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.reason != 0 {
            len += 1;
        }
        if !self.detail.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.PaymentFailed", len)?;
        if self.reason != 0 {
            let v = PaymentFailureReason::try_from(self.reason)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.reason)))?;
            struct_ser.serialize_field("reason", &v)?;
        }
        if !self.detail.is_empty() {
            struct_ser.serialize_field("detail", &self.detail)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PaymentFailed {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "reason",
            "detail",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Reason,
            Detail,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reason" => Ok(GeneratedField::Reason),
                            "detail" => Ok(GeneratedField::Detail),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PaymentFailed;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.PaymentFailed")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<PaymentFailed, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut reason__ = None;
                let mut detail__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value::<PaymentFailureReason>()? as i32);
                        }
                        GeneratedField::Detail => {
                            if detail__.is_some() {
                                return Err(serde::de::Error::duplicate_field("detail"));
                            }
                            detail__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(PaymentFailed {
                    reason: reason__.unwrap_or_default(),
                    detail: detail__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.PaymentFailed", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PaymentFailureReason {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "PAYMENT_FAILURE_REASON_UNSPECIFIED",
            Self::Declined => "PAYMENT_FAILURE_REASON_DECLINED",
            Self::Timeout => "PAYMENT_FAILURE_REASON_TIMEOUT",
            Self::Voided => "PAYMENT_FAILURE_REASON_VOIDED",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for PaymentFailureReason {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "PAYMENT_FAILURE_REASON_UNSPECIFIED",
            "PAYMENT_FAILURE_REASON_DECLINED",
            "PAYMENT_FAILURE_REASON_TIMEOUT",
            "PAYMENT_FAILURE_REASON_VOIDED",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = PaymentFailureReason;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(PaymentFailureReason::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(PaymentFailureReason::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "PAYMENT_FAILURE_REASON_UNSPECIFIED" => Ok(PaymentFailureReason::Unspecified),
                    "PAYMENT_FAILURE_REASON_DECLINED" => Ok(PaymentFailureReason::Declined),
                    "PAYMENT_FAILURE_REASON_TIMEOUT" => Ok(PaymentFailureReason::Timeout),
                    "PAYMENT_FAILURE_REASON_VOIDED" => Ok(PaymentFailureReason::Voided),
                    _ => Ok(PaymentFailureReason::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for PaymentPending {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.attempt != 0 {
            len += 1;
        }
        if self.deadline_passed {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.PaymentPending", len)?;
        if self.attempt != 0 {
            struct_ser.serialize_field("attempt", &self.attempt)?;
        }
        if self.deadline_passed {
            struct_ser.serialize_field("deadlinePassed", &self.deadline_passed)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PaymentPending {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "attempt",
            "deadline_passed",
            "deadlinePassed",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Attempt,
            DeadlinePassed,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "attempt" => Ok(GeneratedField::Attempt),
                            "deadlinePassed" | "deadline_passed" => Ok(GeneratedField::DeadlinePassed),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PaymentPending;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.PaymentPending")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<PaymentPending, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut attempt__ = None;
                let mut deadline_passed__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Attempt => {
                            if attempt__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempt"));
                            }
                            attempt__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::DeadlinePassed => {
                            if deadline_passed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("deadlinePassed"));
                            }
                            deadline_passed__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(PaymentPending {
                    attempt: attempt__.unwrap_or_default(),
                    deadline_passed: deadline_passed__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.PaymentPending", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PaymentRefunded {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.refund_id.is_empty() {
            len += 1;
        }
        if self.amount.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.PaymentRefunded", len)?;
        if !self.refund_id.is_empty() {
            struct_ser.serialize_field("refundId", &self.refund_id)?;
        }
        if let Some(v) = self.amount.as_ref() {
            struct_ser.serialize_field("amount", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PaymentRefunded {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "refund_id",
            "refundId",
            "amount",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            RefundId,
            Amount,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "refundId" | "refund_id" => Ok(GeneratedField::RefundId),
                            "amount" => Ok(GeneratedField::Amount),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PaymentRefunded;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.PaymentRefunded")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<PaymentRefunded, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut refund_id__ = None;
                let mut amount__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::RefundId => {
                            if refund_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("refundId"));
                            }
                            refund_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Amount => {
                            if amount__.is_some() {
                                return Err(serde::de::Error::duplicate_field("amount"));
                            }
                            amount__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(PaymentRefunded {
                    refund_id: refund_id__.unwrap_or_default(),
                    amount: amount__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.PaymentRefunded", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PaymentSucceeded {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.charge_id.is_empty() {
            len += 1;
        }
        if self.amount.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.PaymentSucceeded", len)?;
        if !self.charge_id.is_empty() {
            struct_ser.serialize_field("chargeId", &self.charge_id)?;
        }
        if let Some(v) = self.amount.as_ref() {
            struct_ser.serialize_field("amount", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PaymentSucceeded {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "charge_id",
            "chargeId",
            "amount",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ChargeId,
            Amount,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "chargeId" | "charge_id" => Ok(GeneratedField::ChargeId),
                            "amount" => Ok(GeneratedField::Amount),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PaymentSucceeded;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.PaymentSucceeded")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<PaymentSucceeded, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut charge_id__ = None;
                let mut amount__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ChargeId => {
                            if charge_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargeId"));
                            }
                            charge_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Amount => {
                            if amount__.is_some() {
                                return Err(serde::de::Error::duplicate_field("amount"));
                            }
                            amount__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(PaymentSucceeded {
                    charge_id: charge_id__.unwrap_or_default(),
                    amount: amount__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.PaymentSucceeded", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for RefundPayment {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.attempt != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.RefundPayment", len)?;
        if self.attempt != 0 {
            struct_ser.serialize_field("attempt", &self.attempt)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for RefundPayment {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "attempt",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Attempt,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "attempt" => Ok(GeneratedField::Attempt),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = RefundPayment;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.RefundPayment")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<RefundPayment, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut attempt__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Attempt => {
                            if attempt__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempt"));
                            }
                            attempt__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(RefundPayment {
                    attempt: attempt__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.RefundPayment", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ReleaseInventory {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("holdfast.order.v1.ReleaseInventory", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ReleaseInventory {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Ok(GeneratedField::__SkipField__)
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ReleaseInventory;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.ReleaseInventory")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ReleaseInventory, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(ReleaseInventory {
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.ReleaseInventory", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Requester {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "REQUESTER_UNSPECIFIED",
            Self::Customer => "REQUESTER_CUSTOMER",
            Self::Operator => "REQUESTER_OPERATOR",
            Self::Timer => "REQUESTER_TIMER",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for Requester {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "REQUESTER_UNSPECIFIED",
            "REQUESTER_CUSTOMER",
            "REQUESTER_OPERATOR",
            "REQUESTER_TIMER",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = Requester;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(Requester::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(Requester::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "REQUESTER_UNSPECIFIED" => Ok(Requester::Unspecified),
                    "REQUESTER_CUSTOMER" => Ok(Requester::Customer),
                    "REQUESTER_OPERATOR" => Ok(Requester::Operator),
                    "REQUESTER_TIMER" => Ok(Requester::Timer),
                    _ => Ok(Requester::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for ReservationLine {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.sku.is_empty() {
            len += 1;
        }
        if self.quantity != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.ReservationLine", len)?;
        if !self.sku.is_empty() {
            struct_ser.serialize_field("sku", &self.sku)?;
        }
        if self.quantity != 0 {
            struct_ser.serialize_field("quantity", &self.quantity)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ReservationLine {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "sku",
            "quantity",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Sku,
            Quantity,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "sku" => Ok(GeneratedField::Sku),
                            "quantity" => Ok(GeneratedField::Quantity),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ReservationLine;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.ReservationLine")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ReservationLine, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut sku__ = None;
                let mut quantity__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Sku => {
                            if sku__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sku"));
                            }
                            sku__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Quantity => {
                            if quantity__.is_some() {
                                return Err(serde::de::Error::duplicate_field("quantity"));
                            }
                            quantity__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ReservationLine {
                    sku: sku__.unwrap_or_default(),
                    quantity: quantity__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.ReservationLine", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ReserveInventory {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.lines.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.ReserveInventory", len)?;
        if !self.lines.is_empty() {
            struct_ser.serialize_field("lines", &self.lines)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ReserveInventory {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "lines",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Lines,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "lines" => Ok(GeneratedField::Lines),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ReserveInventory;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.ReserveInventory")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ReserveInventory, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut lines__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Lines => {
                            if lines__.is_some() {
                                return Err(serde::de::Error::duplicate_field("lines"));
                            }
                            lines__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ReserveInventory {
                    lines: lines__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.ReserveInventory", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ResolvePayment {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.attempt != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.ResolvePayment", len)?;
        if self.attempt != 0 {
            struct_ser.serialize_field("attempt", &self.attempt)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ResolvePayment {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "attempt",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Attempt,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "attempt" => Ok(GeneratedField::Attempt),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ResolvePayment;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.ResolvePayment")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ResolvePayment, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut attempt__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Attempt => {
                            if attempt__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempt"));
                            }
                            attempt__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ResolvePayment {
                    attempt: attempt__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.ResolvePayment", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SagaParked {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.step != 0 {
            len += 1;
        }
        if !self.detail.is_empty() {
            len += 1;
        }
        if self.attempts != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.SagaParked", len)?;
        if self.step != 0 {
            let v = SagaStep::try_from(self.step)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.step)))?;
            struct_ser.serialize_field("step", &v)?;
        }
        if !self.detail.is_empty() {
            struct_ser.serialize_field("detail", &self.detail)?;
        }
        if self.attempts != 0 {
            struct_ser.serialize_field("attempts", &self.attempts)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SagaParked {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "step",
            "detail",
            "attempts",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Step,
            Detail,
            Attempts,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "step" => Ok(GeneratedField::Step),
                            "detail" => Ok(GeneratedField::Detail),
                            "attempts" => Ok(GeneratedField::Attempts),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SagaParked;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.SagaParked")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SagaParked, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut step__ = None;
                let mut detail__ = None;
                let mut attempts__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Step => {
                            if step__.is_some() {
                                return Err(serde::de::Error::duplicate_field("step"));
                            }
                            step__ = Some(map_.next_value::<SagaStep>()? as i32);
                        }
                        GeneratedField::Detail => {
                            if detail__.is_some() {
                                return Err(serde::de::Error::duplicate_field("detail"));
                            }
                            detail__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Attempts => {
                            if attempts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempts"));
                            }
                            attempts__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(SagaParked {
                    step: step__.unwrap_or_default(),
                    detail: detail__.unwrap_or_default(),
                    attempts: attempts__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.SagaParked", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SagaResumed {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.requester != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.SagaResumed", len)?;
        if self.requester != 0 {
            let v = Requester::try_from(self.requester)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.requester)))?;
            struct_ser.serialize_field("requester", &v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SagaResumed {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "requester",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Requester,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "requester" => Ok(GeneratedField::Requester),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SagaResumed;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.SagaResumed")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SagaResumed, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut requester__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Requester => {
                            if requester__.is_some() {
                                return Err(serde::de::Error::duplicate_field("requester"));
                            }
                            requester__ = Some(map_.next_value::<Requester>()? as i32);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(SagaResumed {
                    requester: requester__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.SagaResumed", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SagaStep {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "SAGA_STEP_UNSPECIFIED",
            Self::Charge => "SAGA_STEP_CHARGE",
            Self::Resolve => "SAGA_STEP_RESOLVE",
            Self::Refund => "SAGA_STEP_REFUND",
            Self::LateCharge => "SAGA_STEP_LATE_CHARGE",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for SagaStep {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "SAGA_STEP_UNSPECIFIED",
            "SAGA_STEP_CHARGE",
            "SAGA_STEP_RESOLVE",
            "SAGA_STEP_REFUND",
            "SAGA_STEP_LATE_CHARGE",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = SagaStep;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(SagaStep::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(SagaStep::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "SAGA_STEP_UNSPECIFIED" => Ok(SagaStep::Unspecified),
                    "SAGA_STEP_CHARGE" => Ok(SagaStep::Charge),
                    "SAGA_STEP_RESOLVE" => Ok(SagaStep::Resolve),
                    "SAGA_STEP_REFUND" => Ok(SagaStep::Refund),
                    "SAGA_STEP_LATE_CHARGE" => Ok(SagaStep::LateCharge),
                    _ => Ok(SagaStep::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for ScheduleTimer {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.step != 0 {
            len += 1;
        }
        if self.attempt != 0 {
            len += 1;
        }
        if self.at.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.ScheduleTimer", len)?;
        if self.step != 0 {
            let v = SagaStep::try_from(self.step)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.step)))?;
            struct_ser.serialize_field("step", &v)?;
        }
        if self.attempt != 0 {
            struct_ser.serialize_field("attempt", &self.attempt)?;
        }
        if let Some(v) = self.at.as_ref() {
            struct_ser.serialize_field("at", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ScheduleTimer {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "step",
            "attempt",
            "at",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Step,
            Attempt,
            At,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "step" => Ok(GeneratedField::Step),
                            "attempt" => Ok(GeneratedField::Attempt),
                            "at" => Ok(GeneratedField::At),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ScheduleTimer;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.ScheduleTimer")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ScheduleTimer, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut step__ = None;
                let mut attempt__ = None;
                let mut at__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Step => {
                            if step__.is_some() {
                                return Err(serde::de::Error::duplicate_field("step"));
                            }
                            step__ = Some(map_.next_value::<SagaStep>()? as i32);
                        }
                        GeneratedField::Attempt => {
                            if attempt__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempt"));
                            }
                            attempt__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::At => {
                            if at__.is_some() {
                                return Err(serde::de::Error::duplicate_field("at"));
                            }
                            at__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ScheduleTimer {
                    step: step__.unwrap_or_default(),
                    attempt: attempt__.unwrap_or_default(),
                    at: at__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.ScheduleTimer", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Timer {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.order_id.is_empty() {
            len += 1;
        }
        if !self.user_id.is_empty() {
            len += 1;
        }
        if self.step != 0 {
            len += 1;
        }
        if self.attempt != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.order.v1.Timer", len)?;
        if !self.order_id.is_empty() {
            struct_ser.serialize_field("orderId", &self.order_id)?;
        }
        if !self.user_id.is_empty() {
            struct_ser.serialize_field("userId", &self.user_id)?;
        }
        if self.step != 0 {
            let v = SagaStep::try_from(self.step)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.step)))?;
            struct_ser.serialize_field("step", &v)?;
        }
        if self.attempt != 0 {
            struct_ser.serialize_field("attempt", &self.attempt)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Timer {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "order_id",
            "orderId",
            "user_id",
            "userId",
            "step",
            "attempt",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OrderId,
            UserId,
            Step,
            Attempt,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "orderId" | "order_id" => Ok(GeneratedField::OrderId),
                            "userId" | "user_id" => Ok(GeneratedField::UserId),
                            "step" => Ok(GeneratedField::Step),
                            "attempt" => Ok(GeneratedField::Attempt),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Timer;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.order.v1.Timer")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Timer, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut order_id__ = None;
                let mut user_id__ = None;
                let mut step__ = None;
                let mut attempt__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::OrderId => {
                            if order_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderId"));
                            }
                            order_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::UserId => {
                            if user_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("userId"));
                            }
                            user_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Step => {
                            if step__.is_some() {
                                return Err(serde::de::Error::duplicate_field("step"));
                            }
                            step__ = Some(map_.next_value::<SagaStep>()? as i32);
                        }
                        GeneratedField::Attempt => {
                            if attempt__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempt"));
                            }
                            attempt__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Timer {
                    order_id: order_id__.unwrap_or_default(),
                    user_id: user_id__.unwrap_or_default(),
                    step: step__.unwrap_or_default(),
                    attempt: attempt__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.order.v1.Timer", FIELDS, GeneratedVisitor)
    }
}
