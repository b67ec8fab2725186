impl serde::Serialize for ChargeDeclined {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.code.is_empty() {
            len += 1;
        }
        if !self.provider.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.payment.v1.ChargeDeclined", len)?;
        if !self.code.is_empty() {
            struct_ser.serialize_field("code", &self.code)?;
        }
        if !self.provider.is_empty() {
            struct_ser.serialize_field("provider", &self.provider)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ChargeDeclined {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "code",
            "provider",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Code,
            Provider,
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
                            "code" => Ok(GeneratedField::Code),
                            "provider" => Ok(GeneratedField::Provider),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ChargeDeclined;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.payment.v1.ChargeDeclined")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ChargeDeclined, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut code__ = None;
                let mut provider__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Code => {
                            if code__.is_some() {
                                return Err(serde::de::Error::duplicate_field("code"));
                            }
                            code__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Provider => {
                            if provider__.is_some() {
                                return Err(serde::de::Error::duplicate_field("provider"));
                            }
                            provider__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ChargeDeclined {
                    code: code__.unwrap_or_default(),
                    provider: provider__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.payment.v1.ChargeDeclined", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ChargePending {
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
        if !self.provider.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.payment.v1.ChargePending", len)?;
        if !self.charge_id.is_empty() {
            struct_ser.serialize_field("chargeId", &self.charge_id)?;
        }
        if let Some(v) = self.amount.as_ref() {
            struct_ser.serialize_field("amount", v)?;
        }
        if !self.provider.is_empty() {
            struct_ser.serialize_field("provider", &self.provider)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ChargePending {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "charge_id",
            "chargeId",
            "amount",
            "provider",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ChargeId,
            Amount,
            Provider,
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
                            "provider" => Ok(GeneratedField::Provider),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ChargePending;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.payment.v1.ChargePending")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ChargePending, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut charge_id__ = None;
                let mut amount__ = None;
                let mut provider__ = None;
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
                        GeneratedField::Provider => {
                            if provider__.is_some() {
                                return Err(serde::de::Error::duplicate_field("provider"));
                            }
                            provider__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ChargePending {
                    charge_id: charge_id__.unwrap_or_default(),
                    amount: amount__,
                    provider: provider__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.payment.v1.ChargePending", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ChargeRefunded {
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
        if !self.refund_id.is_empty() {
            len += 1;
        }
        if self.amount.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.payment.v1.ChargeRefunded", len)?;
        if !self.charge_id.is_empty() {
            struct_ser.serialize_field("chargeId", &self.charge_id)?;
        }
        if !self.refund_id.is_empty() {
            struct_ser.serialize_field("refundId", &self.refund_id)?;
        }
        if let Some(v) = self.amount.as_ref() {
            struct_ser.serialize_field("amount", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ChargeRefunded {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "charge_id",
            "chargeId",
            "refund_id",
            "refundId",
            "amount",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ChargeId,
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
                            "chargeId" | "charge_id" => Ok(GeneratedField::ChargeId),
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
            type Value = ChargeRefunded;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.payment.v1.ChargeRefunded")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ChargeRefunded, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut charge_id__ = None;
                let mut refund_id__ = None;
                let mut amount__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ChargeId => {
                            if charge_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargeId"));
                            }
                            charge_id__ = Some(map_.next_value()?);
                        }
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
                Ok(ChargeRefunded {
                    charge_id: charge_id__.unwrap_or_default(),
                    refund_id: refund_id__.unwrap_or_default(),
                    amount: amount__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.payment.v1.ChargeRefunded", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ChargeSucceeded {
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
        if !self.provider.is_empty() {
            len += 1;
        }
        if self.stray {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.payment.v1.ChargeSucceeded", len)?;
        if !self.charge_id.is_empty() {
            struct_ser.serialize_field("chargeId", &self.charge_id)?;
        }
        if let Some(v) = self.amount.as_ref() {
            struct_ser.serialize_field("amount", v)?;
        }
        if !self.provider.is_empty() {
            struct_ser.serialize_field("provider", &self.provider)?;
        }
        if self.stray {
            struct_ser.serialize_field("stray", &self.stray)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ChargeSucceeded {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "charge_id",
            "chargeId",
            "amount",
            "provider",
            "stray",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ChargeId,
            Amount,
            Provider,
            Stray,
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
                            "provider" => Ok(GeneratedField::Provider),
                            "stray" => Ok(GeneratedField::Stray),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ChargeSucceeded;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.payment.v1.ChargeSucceeded")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ChargeSucceeded, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut charge_id__ = None;
                let mut amount__ = None;
                let mut provider__ = None;
                let mut stray__ = None;
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
                        GeneratedField::Provider => {
                            if provider__.is_some() {
                                return Err(serde::de::Error::duplicate_field("provider"));
                            }
                            provider__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Stray => {
                            if stray__.is_some() {
                                return Err(serde::de::Error::duplicate_field("stray"));
                            }
                            stray__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ChargeSucceeded {
                    charge_id: charge_id__.unwrap_or_default(),
                    amount: amount__,
                    provider: provider__.unwrap_or_default(),
                    stray: stray__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.payment.v1.ChargeSucceeded", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ChargeVoided {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("holdfast.payment.v1.ChargeVoided", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ChargeVoided {
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
            type Value = ChargeVoided;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.payment.v1.ChargeVoided")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ChargeVoided, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(ChargeVoided {
                })
            }
        }
        deserializer.deserialize_struct("holdfast.payment.v1.ChargeVoided", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PaymentCommit {
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
        let mut struct_ser = serializer.serialize_struct("holdfast.payment.v1.PaymentCommit", len)?;
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
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PaymentCommit {
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
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OrderId,
            UserId,
            Time,
            Events,
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
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PaymentCommit;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.payment.v1.PaymentCommit")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<PaymentCommit, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut order_id__ = None;
                let mut user_id__ = None;
                let mut time__ = None;
                let mut events__ = None;
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
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(PaymentCommit {
                    order_id: order_id__.unwrap_or_default(),
                    user_id: user_id__.unwrap_or_default(),
                    time: time__,
                    events: events__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.payment.v1.PaymentCommit", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PaymentEvent {
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
        let mut struct_ser = serializer.serialize_struct("holdfast.payment.v1.PaymentEvent", len)?;
        if self.version != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("version", ToString::to_string(&self.version).as_str())?;
        }
        if let Some(v) = self.event.as_ref() {
            match v {
                payment_event::Event::ChargePending(v) => {
                    struct_ser.serialize_field("chargePending", v)?;
                }
                payment_event::Event::ChargeSucceeded(v) => {
                    struct_ser.serialize_field("chargeSucceeded", v)?;
                }
                payment_event::Event::ChargeDeclined(v) => {
                    struct_ser.serialize_field("chargeDeclined", v)?;
                }
                payment_event::Event::ChargeVoided(v) => {
                    struct_ser.serialize_field("chargeVoided", v)?;
                }
                payment_event::Event::ChargeRefunded(v) => {
                    struct_ser.serialize_field("chargeRefunded", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for PaymentEvent {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "version",
            "charge_pending",
            "chargePending",
            "charge_succeeded",
            "chargeSucceeded",
            "charge_declined",
            "chargeDeclined",
            "charge_voided",
            "chargeVoided",
            "charge_refunded",
            "chargeRefunded",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Version,
            ChargePending,
            ChargeSucceeded,
            ChargeDeclined,
            ChargeVoided,
            ChargeRefunded,
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
                            "chargePending" | "charge_pending" => Ok(GeneratedField::ChargePending),
                            "chargeSucceeded" | "charge_succeeded" => Ok(GeneratedField::ChargeSucceeded),
                            "chargeDeclined" | "charge_declined" => Ok(GeneratedField::ChargeDeclined),
                            "chargeVoided" | "charge_voided" => Ok(GeneratedField::ChargeVoided),
                            "chargeRefunded" | "charge_refunded" => Ok(GeneratedField::ChargeRefunded),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = PaymentEvent;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.payment.v1.PaymentEvent")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<PaymentEvent, V::Error>
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
                        GeneratedField::ChargePending => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargePending"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(payment_event::Event::ChargePending)
;
                        }
                        GeneratedField::ChargeSucceeded => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargeSucceeded"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(payment_event::Event::ChargeSucceeded)
;
                        }
                        GeneratedField::ChargeDeclined => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargeDeclined"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(payment_event::Event::ChargeDeclined)
;
                        }
                        GeneratedField::ChargeVoided => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargeVoided"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(payment_event::Event::ChargeVoided)
;
                        }
                        GeneratedField::ChargeRefunded => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chargeRefunded"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(payment_event::Event::ChargeRefunded)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(PaymentEvent {
                    version: version__.unwrap_or_default(),
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.payment.v1.PaymentEvent", FIELDS, GeneratedVisitor)
    }
}
